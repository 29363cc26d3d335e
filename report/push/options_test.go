package push_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lostlink/report/push"
)

func TestReadSecret(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name, text string
		mode       os.FileMode
		want       string // part of the error; "" for none
	}{
		{"good", "hush-1\n", 0o600, ""},
		{"group", "hush-1", 0o640, ""},
		{"world", "hush-1", 0o604, "is open to every user of the machine; close it: chmod 600"},
		{"writable", "hush-1", 0o602, "is open to every user"},
		{"empty", "\n", 0o600, "does not hold one line"},
		{"two lines", "hush-1\nhush-2", 0o600, "does not hold one line"},
		{"large", strings.Repeat("hush-1", 1000), 0o600, "is no file of one secret"},
	} {
		path := filepath.Join(dir, tc.name)
		if err := os.WriteFile(path, []byte(tc.text), tc.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tc.mode); err != nil {
			t.Fatal(err)
		}
		s, err := push.ReadSecret(path)
		switch {
		case tc.want == "" && (err != nil || !s.Known()):
			t.Errorf("%s: %v", tc.name, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || s.Known()):
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
		if text := fmt.Sprintf("%v %+v %#v %s %q %x %v", s, s, s, s, s, s, err); strings.Contains(text, "hush") || strings.Contains(text, "68757368") {
			t.Errorf("%s: the secret is printed: %s", tc.name, text)
		}
	}
	if _, err := push.ReadSecret(dir); err == nil || !strings.Contains(err.Error(), "is no file of one secret") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := push.ReadSecret(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestCheckAddress(t *testing.T) {
	for address, want := range map[string]string{
		push.DefaultSettings().Address:           "",
		push.DefaultSettings().ConversionAddress: "",
		"http://127.0.0.1:8080":                  "",
		"http://localhost:1/api":                 "",
		"http://[::1]:1":                         "",
		"http://api.partnerstack.com":            "is not encrypted (https)",
		"http://127.0.0.1.example":               "is not encrypted (https)",
		"ftp://127.0.0.1":                        "is not encrypted (https)",
		"https://me:secret@api.example":          "holds a user or a password",
		"https://api.example?key=1":              "is no address of a server",
		"api.example":                            "is no address of a server",
		"":                                       "is no address of a server",
		"https://%zz":                            "is no address of a server",
	} {
		if got := push.CheckAddress(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
