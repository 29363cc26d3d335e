package push

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
)

// Settings say where the platform's API is.
type Settings struct {
	// Address and ConversionAddress are those of the API and of the server that
	// takes clicks.
	Address, ConversionAddress string
	// PublicKey is the user of the API, and no secret.
	PublicKey string
	// SecretKeyFile and TokenFile hold one line each: the API's secret key, and
	// the token for clicks. Environment variables may give the secrets instead,
	// see [Credentials].
	SecretKeyFile, TokenFile string
	// SettleSeconds is how long the platform may take to show what it was sent:
	// after a lost answer, an item that is not there by then was never made.
	SettleSeconds int
}

// DefaultSettings are PartnerStack's addresses.
func DefaultSettings() Settings {
	return Settings{Address: "https://api.partnerstack.com/api/v2", ConversionAddress: "https://partnerlinks.io", SettleSeconds: 60}
}

// CheckAddress tells what is wrong with an address, "" if nothing is. Secrets
// are sent there, so it is https, except on this machine.
func CheckAddress(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return "is no address of a server"
	case u.User != nil:
		return "holds a user or a password"
	case u.Scheme == "https":
		return ""
	case u.Scheme == "http" && local(u.Hostname()):
		return ""
	}
	return "is not encrypted (https)"
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Secret is a text that never prints itself.
type Secret struct{ text string }

// NewSecret hides a text.
func NewSecret(s string) Secret { return Secret{strings.TrimSpace(s)} }

// Known tells whether there is one.
func (s Secret) Known() bool { return s.text != "" }

// String and GoString keep it out of every message.
func (s Secret) String() string   { return "[secret]" }
func (s Secret) GoString() string { return "[secret]" }

// Format keeps it out of what other verbs print as well.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secret]") }

// hide takes the secret out of a text that a server sent.
func (s Secret) hide(text string) string {
	if s.text == "" {
		return text
	}
	return strings.ReplaceAll(text, s.text, "[secret]")
}

// Credentials open the API.
type Credentials struct {
	PublicKey string
	SecretKey Secret
	// Token is for clicks alone; without one customers are created by hand.
	Token Secret
}

// The environment variables that give the secrets; they win over the files.
const (
	SecretKeyVariable = "LOSTLINK_PUSH_SECRET_KEY"
	TokenVariable     = "LOSTLINK_PUSH_TOKEN"
)

// secretMost is longer than any key.
const secretMost = 4096

// ReadSecret reads a file of one line. A file that every user of the machine
// may read or change is refused. Its errors name the file, never what is in it.
func ReadSecret(path string) (Secret, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Secret{}, fmt.Errorf("reading a secret: %w", err)
	case !info.Mode().IsRegular() || info.Size() > secretMost:
		return Secret{}, fmt.Errorf("%s is no file of one secret; put one line into it", path)
	case info.Mode().Perm()&0o007 != 0:
		return Secret{}, fmt.Errorf("%s is open to every user of the machine; close it: chmod 600, and take a new secret", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Secret{}, fmt.Errorf("reading a secret: %w", err)
	}
	s := NewSecret(string(data))
	if !s.Known() || strings.ContainsAny(s.text, "\r\n\x00") {
		return Secret{}, fmt.Errorf("%s does not hold one line; put the secret alone into it", path)
	}
	return s, nil
}

// ErrNoKey says that there is nothing to open the API with.
var ErrNoKey = errors.New("no key for the platform's API: set push.public_key, and push.secret_key_file or " + SecretKeyVariable)
