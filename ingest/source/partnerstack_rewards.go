package source

import (
	"lostlink/ingest/rows"
	"lostlink/ingest/table"
)

var _ = register(&Source{
	Name:  "partnerstack_rewards",
	Title: "PartnerStack rewards (API)",
	Where: partnerstackWhere + "rewards, and once more with status=scheduled, which the plain list leaves out.",
	Example: Example{
		In:  `{"key":"rwd_1","amount":980,"currency":"USD","reward_status":"approved","customer":{"external_key":"c-17"},"partnership":{"partner_key":"acme"},"transaction":{"key":"trx_feb6"},"created_at":1770002065000}`,
		Out: `a reward rwd_1 of USD 9.80 for partner acme on transaction trx_feb6, approved`,
	},
	Containers: []rows.Container{rows.JSON},
	Tables:     []table.Kind{table.Rewards},
	Unit:       table.Minor,
	Uses: []Use{
		{To: "reward_key", From: []string{"key"}},
		{To: "transaction_key", From: []string{"transaction.key", "transaction_key"}},
		{To: "customer_key", From: []string{"customer.external_key", "customer.customer_key", "customer.key", "customer_key"}},
		{To: "partner_key", From: []string{"partner_key", "partnership.partner_key"}},
		{To: "amount", From: []string{"amount"}},
		{To: "currency", From: []string{"currency"}},
		{To: "status", From: []string{"reward_status", "status"}},
		{To: "created_at", From: []string{"created_at"}},
	},
	Signatures: [][]string{
		{"key", "amount", "created_at", "reward_status"},
		{"key", "amount", "created_at", "reward_status", "partnership.key|partnership.email|partnership_key", "transaction.key|customer.key|customer.email|offer|invoice.key"},
	},
	begin: beginPartnerstackRewards,
})

func beginPartnerstackRewards(f *file) error {
	var (
		key, transaction, customer = f.field("reward_key"), f.field("transaction_key"), f.field("customer_key")
		partner, amount, currency  = f.field("partner_key"), f.field("amount"), f.field("currency")
		status, created            = f.field("status"), f.field("created_at")
		rewards                    = f.sink.Rewards()
	)
	f.m.row = func(pos table.Pos, values []string) (string, error) {
		r := table.Reward{Pos: pos, RewardKey: key.id(values), TransactionKey: transaction.id(values), CustomerKey: customer.id(values),
			PartnerKey: partner.id(values), Status: status.of(values)}
		var err error
		if r.CreatedAt, err = epochMillis(created.of(values)); err != nil {
			return "", in(created.name, "", err)
		}
		if r.Currency, err = f.currency(currency.of(values)); err != nil {
			return "", in(currency.name, "", err)
		}
		if r.Amount, err = f.money(amount, values, r.Currency); err != nil {
			return "", err
		}
		return "", put(f, table.Rewards, rewards, r.CreatedAt, &r)
	}
	return nil
}
