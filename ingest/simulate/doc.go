// Package simulate makes up a vendor, cause first: people with browsers,
// cookie jars and addresses, partners with links, pages with faults. Whatever
// the partner platform credits is what each cookie jar allowed at sign-up;
// nothing is labelled from the logs. The vendor's files come in the formats a
// vendor has, together with the truth, so that a demo, tests, benchmarks and
// the fitting of evidence weights all have a vendor whose answers are known.
//
// [Make] draws the vendor, [Vendor.Write] writes its files. Equal options give
// equal bytes. The people who sign up are held in memory; anonymous traffic
// ([Traffic]) is made day by day while the files are written, so a log may be
// far larger than memory.
//
// [Scale] is another vendor, for measuring speed: far larger, and far plainer.
//
// # How a purchase is lost
//
// A journey is a list of events in time order: clicks, page requests, a
// clearing of cookies, the sign-up. replay runs it through the person's cookie
// jars. Every cause can be switched off in a replay, so the cases of a lost
// purchase are counterfactual: each cause that, as the only one at work, would
// have lost it. Where no single cause would, they are a smallest set of causes
// that together would have.
//
// A page that never had the snippet leaves a click to a later page, which can
// still read the link domain's cookie where the browser allows third-party
// cookies. A page whose snippet is broken uses the click up and loses it for
// every browser.
//
// # What the truth says
//
// [FileTruth] has a row per payment: purchase_id; eligible (1: completed, live,
// not wholly given back, and old enough at the end of the period to be
// judged); attributed (partner the platform recorded this payment for); kind
// (referred: clicked before sign-up; typed: sent by a partner without a click;
// organic); partner (who deserves it, the last one clicked); cases (numbers of
// [Cause], 0 for an ordinary purchase); contested (of a credited customer, the
// other partners clicked inside the cookie's life); involved (all partners clicked before sign-up);
// signal (what in the written records ties the buyer to the partner, the first
// that holds):
//
//	customer            the platform credits the customer, only the payment is not recorded
//	visitor             a click, or a landing with a partner's parameters, under a visitor id that also stands on the sign-up (or that the buyer logged in under)
//	email               a click that carries an e-mail address of the buyer
//	address and browser a click from an address and with a user agent the buyer was seen with
//	address             a click from an address the buyer was seen with
//	vanity              a request for the partner's own path by the buyer's visitor, or address and browser
//	referrer            a request that came from the partner's site without parameters, tied the same way
//	claim               the partner claims this customer
//	coupon              a payment of the buyer holds the partner's coupon
//	leaked coupon       the same, but the code was found on a coupon site (kind organic)
//	none                nothing
//
// [FileIncidents] lists the site's faults with the eligible purchases each one
// lost, [FileClaims] the right answer to each claim.
//
// A purchase may be attributed to another partner than the one who deserves it,
// when the last click was lost and an earlier one was not. A lost purchase that
// the vendor has added to the platform by hand is attributed, and keeps its
// cases; the same customer's other payments are then not tied.
package simulate
