package simulate

// Cause is a reason a purchase is lost, numbered as the article numbers its
// cases. It is also a bit position in a causes set.
type Cause int

// The causes; Ordinary stands for none. ManualURL is a customer who was sent
// but clicked nothing.
const (
	Ordinary           Cause = 0
	OtherPartner       Cause = 1
	CookiesCleared     Cause = 2
	CookiesBlocked     Cause = 3
	SnippetBroken      Cause = 4
	CookieExpired      Cause = 5
	DeviceSwitch       Cause = 6
	DataOverwritten    Cause = 7
	PublicKeyMissing   Cause = 8
	SafariNoSnippet    Cause = 9
	ManualURL          Cause = 10
	PaymentNotTied     Cause = 11
	ParametersStripped Cause = 12
)

var causeNames = [...]string{"no_partner_signal", "other_partner_click", "cookies_cleared", "cookies_blocked", "snippet_broken",
	"cookie_expired", "device_switch", "data_overwritten", "public_key_missing", "safari_no_snippet", "manual_url",
	"payment_not_tied", "parameters_stripped"}

// String is the slug of the failure case.
func (c Cause) String() string {
	if c < 0 || int(c) >= len(causeNames) {
		return "unknown cause"
	}
	return causeNames[c]
}

// causes is a set of causes that are at work in a replay.
type causes uint16

const allCauses causes = 1<<13 - 1

func (s causes) has(c Cause) bool       { return s&(1<<c) != 0 }
func (s causes) without(c Cause) causes { return s &^ (1 << c) }
func only(c Cause) causes               { return 1 << c }

// journeyCauses are the causes a replay can switch off.
var journeyCauses = []Cause{CookiesCleared, CookiesBlocked, SnippetBroken, CookieExpired, DeviceSwitch, DataOverwritten,
	PublicKeyMissing, SafariNoSnippet, ParametersStripped}
