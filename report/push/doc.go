// Package push sends what was approved through a partner platform's API: the
// items that package bulk plans, each once. It is the only package that talks
// to another machine.
//
// PartnerStack documents no idempotency, so nothing is created before a look
// whether it is there, a [Journal] notes every item before its request leaves,
// and a request whose answer was lost is never simply repeated: the platform is
// asked for the item until what was sent has surely arrived or is surely lost.
package push
