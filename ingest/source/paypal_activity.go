package source

import (
	"fmt"
	"strings"

	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

var _ = register(&Source{
	Name:  "paypal_activity",
	Title: "PayPal activity download",
	Where: `PayPal, Activity > Download (Reports > Activity Download): CSV or TAB, all fields, in any of the account's languages.`,
	Example: Example{
		In:  `"02/14/2026","15:00:20","PST","Lena Vogel","Website Payment","Completed","USD","1,299.00",…,"lena@example.com",…,"02895BFA481490889",…`,
		Out: `a purchase 02895BFA481490889 of USD 1299.00 on 2026-02-14 23:00:20 UTC by lena@example.com; refunds become rows with a negative amount that name it`,
	},
	Containers: []rows.Container{rows.CSV},
	Tables:     []table.Kind{table.Purchases},
	Unit:       table.Major,
	Uses: []Use{
		{To: "date", From: []string{"Date", "Datum", "Fecha", "Dátum"}, Must: true},
		{To: "time", From: []string{"Time", "Uhrzeit", "Heure", "Hora", "Čas"}, Must: true},
		{To: "zone", From: []string{"TimeZone", "Time Zone", "Zeitzone", "Fuseau horaire", "Zona horaria", "Časové pásmo"}},
		{To: "name", From: []string{"Name", "Nom", "Nombre", "Meno"}},
		{To: "type", From: []string{"Type", "Typ", "Tipo"}, Must: true},
		{To: "status", From: []string{"Status", "État", "Estado", "Stav"}, Must: true},
		{To: "currency", From: []string{"Currency", "Währung", "Devise", "Divisa", "Mena"}, Must: true},
		{To: "amount", From: []string{"Gross", "Brutto", "Avant commission", "Bruto"}, Must: true},
		{To: "email"}, // if mapped, it wins over the two sides of the payment
		{To: "from_email", From: []string{"From Email Address", "Absender E-Mail-Adresse", "De l'adresse email", "Correo electrónico del remitente"}},
		{To: "to_email", From: []string{"To Email Address", "Empfänger E-Mail-Adresse", "À l'adresse email", "Correo electrónico del destinatario"}},
		{To: "purchase_id", From: []string{"Transaction ID", "Transaktionscode", "Numéro de transaction", "Id. de transacción", "ID transakcie"}, Must: true},
		{To: "reference", From: []string{"Reference Txn ID", "Zugehöriger Transaktionscode", "Numéro de la transaction de référence", "Id. de referencia de trans."}},
		{To: "invoice_id", From: []string{"Invoice Number", "Rechnungsnummer", "Numéro de facture", "Número de factura", "Číslo faktúry"}},
		{To: "balance_impact", From: []string{"Balance Impact"}},
		{To: "country", From: []string{"Country Code"}},
		// What the vendor's shop hands over is the vendor's own choice, so these
		// are mapped in the configuration: Custom Number, Item ID, Option 1 Value.
		{To: "customer_key"}, {To: "coupon"}, {To: "partner_key"}, {To: "click_id"}, {To: "customer_id"},
	},
	Signatures: paypalSignatures,
	begin:      beginPaypalActivity,
})

var paypalSignatures = [][]string{
	{"Date", "Time", "TimeZone|Time Zone", "Type", "Status", "Currency", "Gross", "Net", "Transaction ID"},
	{"Datum", "Uhrzeit", "Zeitzone", "Typ", "Status", "Währung", "Brutto", "Netto", "Transaktionscode"},
	{"Date", "Heure", "Fuseau horaire", "Type", "État", "Devise", "Avant commission", "Net", "Numéro de transaction"},
	{"Fecha", "Hora", "Zona horaria", "Tipo", "Divisa", "Bruto", "Neto", "Id. de transacción"},
	{"Dátum", "Čas", "Časové pásmo", "Typ", "Stav", "Mena", "Brutto", "Netto", "ID transakcie"},
}

// The reasons for which rows of an activity download are passed over.
const (
	paypalPending    = "not completed: a later row says what became of it"
	paypalMemo       = "memo: an invoice, request or note without money"
	paypalHold       = "authorisation or hold, not money"
	paypalConversion = "currency conversion"
	paypalTransfer   = "transfer between PayPal and a bank or card"
	paypalFee        = "fee or PayPal's own credit"
	paypalPaidOut    = "money paid by the account's owner"
	paypalOther      = "type that is neither a payment nor a refund"
)

// paypalTypes sorts the Type column, in lower case and without " Received".
// Types that are not here are judged by their money: see classify.
var paypalTypes = map[string]string{
	"website payment": "payment", "express checkout payment": "payment", "subscription payment": "payment",
	"preapproved payment bill user payment": "payment", "preapproved payment": "payment", "general payment": "payment",
	"mobile payment": "payment", "mobile express checkout payment": "payment", "paypal here payment": "payment",
	"donation payment": "payment", "web accept payment": "payment", "recurring payment": "payment", "payment": "payment",
	"shopping cart payment": "payment", "cart payment": "payment", "ebay auction payment": "payment", "virtual terminal payment": "payment",
	"direct credit card payment": "payment", "payment review": "payment", "guest checkout payment": "payment", "checkout payment": "payment",
	"website zahlung": "payment", "website-zahlung": "payment", "handyzahlung": "payment", "express-kaufabwicklung - zahlung": "payment",

	"payment refund": "refund", "refund": "refund", "partial refund": "refund", "payment reversal": "chargeback", "reversal": "chargeback",
	"rückzahlung": "refund", "chargeback": "chargeback", "chargeback settlement": "chargeback", "dispute settlement": "chargeback",
	"chargeback reversal": "chargeback_won", "canceled reversal": "chargeback_won", "cancelled reversal": "chargeback_won",
	"payment reversal reversal": "chargeback_won", "reversal cancellation": "chargeback_won",

	"invoice sent": paypalMemo, "invoice": paypalMemo, "invoice item": paypalMemo, "request": paypalMemo, "request sent": paypalMemo, "money request": paypalMemo,
	"cancelled fee": paypalFee, "payment fee": paypalFee, "chargeback fee": paypalFee, "dispute fee": paypalFee, "general fee": paypalFee,
	"partner fee": paypalFee, "fee reversal": paypalFee, "cash back bonus": paypalFee, "general incentive/certificate redemption": paypalFee, "bonus": paypalFee,
	"general authorization": paypalHold, "authorization": paypalHold, "reauthorization": paypalHold, "void of authorization": paypalHold, "order": paypalHold,
	"account hold for open authorization": paypalHold, "reversal of general account hold": paypalHold, "general account hold": paypalHold,
	"payment hold": paypalHold, "payment release": paypalHold, "hold on balance for dispute investigation": paypalHold,
	"cancellation of hold for dispute resolution": paypalHold, "temporary hold": paypalHold, "update to temporary hold": paypalHold, "reserve hold": paypalHold,
	"reserve release": paypalHold, "general account correction": paypalOther, "general account adjustment": paypalOther,
	"general currency conversion": paypalConversion, "currency conversion": paypalConversion, "user initiated currency conversion": paypalConversion,
	"allgemeine währungsumrechnung": paypalConversion, "währungsumrechnung": paypalConversion,
	"bank deposit to pp account": paypalTransfer, "general card deposit": paypalTransfer, "general credit card deposit": paypalTransfer,
	"general withdrawal": paypalTransfer, "general withdrawal - bank account": paypalTransfer, "user initiated withdrawal": paypalTransfer,
	"auto-sweep": paypalTransfer, "transfer": paypalTransfer, "withdraw funds to a bank account": paypalTransfer, "add funds from a bank account": paypalTransfer,
	"general funding": paypalTransfer, "general credit card withdrawal": paypalTransfer, "mass pay payment": paypalPaidOut, "mass payment": paypalPaidOut,
}

// paypalStatus folds the Status column. Languages other than these were never
// seen in a file; their words are refused rather than guessed.
var paypalStatus = map[string]string{
	"completed": table.StatusPaid, "abgeschlossen": table.StatusPaid, "dokončené": table.StatusPaid, "cleared": table.StatusPaid,
	"paid": table.StatusPaid, "reversed": table.StatusPaid, // its reversal is a row of its own
	"refunded": table.StatusRefunded, "partially refunded": table.StatusPartlyRefund,
	"pending": table.StatusPending, "uncleared": table.StatusPending, "held": table.StatusPending, "placed": table.StatusPending,
	"processing": table.StatusPending, "unclaimed": table.StatusPending, "in progress": table.StatusPending, "created": table.StatusPending, "active": table.StatusPending,
	"denied": table.StatusFailed, "failed": table.StatusFailed, "declined": table.StatusFailed, "blocked": table.StatusFailed, "returned": table.StatusFailed,
	"canceled": table.StatusCanceled, "cancelled": table.StatusCanceled, "expired": table.StatusCanceled, "voided": table.StatusCanceled, "removed": table.StatusCanceled,
}

func beginPaypalActivity(f *file) error {
	var (
		date, clock, zoneField   = f.field("date"), f.field("time"), f.field("zone")
		name, kind, status       = f.field("name"), f.field("type"), f.field("status")
		currency, gross          = f.field("currency"), f.field("amount")
		email                    = f.field("email")
		fromEmail, toEmail       = f.field("from_email"), f.field("to_email")
		id, reference, invoice   = f.field("purchase_id"), f.field("reference"), f.field("invoice_id")
		impact, country          = f.field("balance_impact"), f.field("country")
		customerKey, customerID  = f.field("customer_key"), f.field("customer_id")
		coupon, partner, clickID = f.field("coupon"), f.field("partner_key"), f.field("click_id")
		dates                    dateEvidence
		numbers                  numberEvidence
		purchases                = f.sink.Purchases()
	)
	f.m.look = func(values []string) {
		dates.see(date.of(values))
		numbers.see(gross.of(values), currency.of(values))
	}
	var order dateOrder
	var decimal byte
	f.m.decide = func() (err error) {
		if order, err = dates.decide(f.DateOrder); err != nil {
			return in(date.name, "", err)
		}
		decimal, err = numbers.decide()
		return in(gross.name, "", err)
	}
	at := func(values []string) (table.Time, error) {
		iso, err := order.iso(date.of(values))
		if err != nil {
			return 0, in(date.name, "", err)
		}
		z, err := f.paypalZone(zoneField.of(values))
		if err != nil {
			return 0, in(zoneField.name, "", err)
		}
		t, err := local(z, iso+" "+clock.of(values), "2006-01-02 15:04:05", "2006-01-02 15:04")
		if err != nil {
			return 0, &table.Fault{Column: date.name + ", " + clock.name, Value: date.of(values) + " " + clock.of(values), Rule: "is not a day and time between 2000 and 2100", Remedy: "download the activity again and do not save it from a spreadsheet"}
		}
		return t, nil
	}
	f.m.row = func(pos table.Pos, values []string) (string, error) {
		p := table.Purchase{
			Pos: pos, Processor: "paypal", Name: name.of(values), CustomerID: customerID.id(values), CustomerKey: customerKey.id(values),
			InvoiceID: invoice.id(values), Coupon: coupon.id(values), PartnerKey: partner.id(values), ClickID: clickID.id(values), Country: country.of(values),
		}
		row := paypalRow{
			kind: kind.of(values), status: status.of(values), impact: strings.ToLower(impact.of(values)),
			from: fromEmail.id(values), to: toEmail.id(values), reference: reference.id(values),
		}
		var err error
		if gross.of(values) == "" {
			return paypalMemo, nil
		}
		if p.Currency, err = f.currency(currency.of(values)); err != nil {
			return "", in(currency.name, currency.of(values), err)
		}
		plain, err := plainNumber(gross.of(values), decimal)
		if err == nil {
			p.Amount, err = table.ParseAmount(plain, p.Currency, f.Unit)
		}
		if err != nil {
			return "", in(gross.name, gross.of(values), withValue(err, gross.of(values)))
		}
		row.amount = p.Amount
		what, skipped, err := row.classify()
		if err != nil {
			return "", in(status.name, row.status, err)
		}
		if skipped != "" {
			return skipped, nil
		}
		if row.guessed != "" {
			f.note(fmt.Sprintf("the type %q is not a known one; taken as a %s by its money, addresses and reference", clip(row.kind), row.guessed), 1)
		}
		p.Status = what
		if p.PurchaseID, err = purchaseID(id, values); err != nil {
			return "", err
		}
		if p.PurchasedAt, err = at(values); err != nil {
			return "", err
		}
		// Money in is paid by the sender; a refund goes back to the recipient.
		if p.Email = email.id(values); p.Email == "" {
			p.Email = row.from
			if p.Amount < 0 {
				p.Email = row.to
			}
		}
		switch {
		case p.IsReversal():
			p.ReversalOf = row.reference
		case strings.HasPrefix(row.reference, "I-"), strings.HasPrefix(row.reference, "B-"):
			p.SubscriptionID = row.reference
		}
		return "", put(f, table.Purchases, purchases, p.PurchasedAt, &p)
	}
	return nil
}

// paypalRow is what tells a payment from the rest of an account's activity.
type paypalRow struct {
	kind, status, impact string
	from, to, reference  string
	amount               int64
	guessed              string // what a type that is not in the list is taken for
}

// classify gives the status of the purchase row to make, or the reason why
// none is made.
func (r *paypalRow) classify() (status, skipped string, err error) {
	typ := strings.ToLower(strings.Join(strings.Fields(r.kind), " "))
	class, ok := paypalTypes[strings.TrimSuffix(typ, " received")]
	if !ok {
		class = r.byMoney()
		if class == "payment" || class == table.StatusRefund {
			r.guessed = class
		}
	}
	switch class {
	case "payment", table.StatusRefund, table.StatusChargeback, table.StatusChargebackWon:
	default:
		return "", class, nil
	}
	word, ok := paypalStatus[strings.ToLower(r.status)]
	if !ok {
		return "", "", &table.Fault{Value: r.status, Rule: "is not a known PayPal status", Remedy: "download the activity with the account's language set to English"}
	}
	if class != "payment" {
		// What was not carried out, or not yet, took no money.
		if word != table.StatusPaid {
			return "", paypalPending, nil
		}
		if (r.amount > 0) != (class == table.StatusChargebackWon) {
			if r.amount < 0 {
				return table.StatusChargeback, "", nil
			}
			// A refund that came in was given by somebody else to the account's owner.
			if class == table.StatusRefund {
				return "", paypalPaidOut, nil
			}
			return table.StatusChargebackWon, "", nil
		}
		return class, "", nil
	}
	switch {
	case r.amount < 0:
		return "", paypalPaidOut, nil
	case word == table.StatusPending:
		return "", paypalPending, nil
	case r.impact == "memo" && word != table.StatusFailed && word != table.StatusCanceled:
		return "", paypalMemo, nil
	}
	return word, "", nil
}

// byMoney sorts a type that is not in the list, as in downloads of other
// languages: money in with a sender's address is a payment, money out that
// names an earlier transaction and a recipient is a refund. Conversions, holds
// and transfers carry no addresses.
func (r *paypalRow) byMoney() string {
	switch {
	case r.impact == "memo":
		return paypalMemo
	case r.amount > 0 && r.from != "" && !strings.EqualFold(r.from, r.to):
		return "payment"
	case r.amount < 0 && r.to != "" && r.reference != "" && !strings.HasPrefix(r.reference, "I-") && !strings.HasPrefix(r.reference, "B-"):
		return table.StatusRefund
	}
	return paypalOther
}

// paypalZone is the zone the row names, else the configured one. PayPal always
// has a zone of the account's choice, so there is no default.
func (f *file) paypalZone(name string) (*zone, error) {
	if z, ok := rowZone(name); ok {
		return z, nil
	}
	switch {
	case f.Zone != "":
		return f.zone, nil
	case name == "":
		return nil, &table.Fault{Rule: "is empty", Remedy: "add the TimeZone field to the download, or set the source's zone"}
	}
	return nil, &table.Fault{Value: name, Rule: "is not a time zone with one meaning", Remedy: "set the source's zone"}
}
