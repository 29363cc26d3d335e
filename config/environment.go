package config

import (
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"

	"lostlink/report/ledger"
	"lostlink/report/push"
)

const prefix = "LOSTLINK_"

// otherVariables are read elsewhere and are no options: secrets that only the
// command needs that sends them, and those of the project's own tests.
var otherVariables = []string{push.SecretKeyVariable, push.TokenVariable, "LOSTLINK_NO_SKIP", "LOSTLINK_OOXML_VALIDATOR", "LOSTLINK_SHARED", "LOSTLINK_SWEEP", "LOSTLINK_SWEEP_CHILD"}

// Variable is an environment variable and the key it sets.
type Variable struct {
	Name, Key string
	kind      reflect.Type
}

// Variables lists the environment variables that set an option, in the order
// of the example. Lists are written with commas; sources and thresholds are
// set by the file alone.
func Variables() []Variable {
	var out []Variable
	for _, l := range leavesOf(&file{}) {
		t := l.value.Type()
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			continue
		}
		name := prefix + strings.ToUpper(strings.ReplaceAll(l.key, ".", "_"))
		out = append(out, Variable{name, l.key, t})
	}
	return out
}

// override is one option set by the environment.
type override struct {
	key   string
	value any
}

// environment reads the options that env sets. A LOSTLINK_ variable that sets
// nothing is refused: it is a slip of the pen and would be ignored in silence.
func (k *checker) environment(env []string) []override {
	known := Variables()
	var names []string
	for _, v := range known {
		names = append(names, v.Name[len(prefix):])
	}
	env = slices.Clone(env)
	sort.Strings(env)
	var out []override
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, prefix) || slices.Contains(otherVariables, name) {
			continue
		}
		i := slices.Index(names, name[len(prefix):])
		if i < 0 {
			remedy := "unset it; options with several parts, such as sources, are set in the file"
			if near := Nearest(name[len(prefix):], names); near != "" {
				remedy = "did you mean " + prefix + near + "?"
			}
			k.faultAt(place{variable: name}, "", "", "sets no option", remedy)
			continue
		}
		v := known[i]
		k.places[v.Key] = place{variable: name}
		if v.kind.Kind() == reflect.Slice {
			out = append(out, override{v.Key, commas(value)})
			continue
		}
		x, err := scalar(value, v.kind)
		if err != nil {
			k.fault(v.Key, value, err.Error(), "write "+sample(v.kind))
			continue
		}
		out = append(out, override{v.Key, x})
	}
	return out
}

func commas(s string) []any {
	out := []any{}
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// keyLeast is the shortest installation key: one that cannot be guessed.
const keyLeast = 16

// installationKey takes the key from where it is.
func (k *checker) installationKey(c *Config, f *file) {
	key, at, path, ok := k.secret(c, "installation_key", f.InstallationKey, f.InstallationKeyFile, "one line of at least 16 random characters")
	if !ok {
		return
	}
	if key != "" && len(key) < keyLeast {
		k.fault(at, path, "holds fewer than 16 characters", "take more, such as the output of: openssl rand -hex 16")
	}
	c.Reconcile.InstallationKey, c.InstallationKeyFile = key, path
}

// secret takes a secret from where it is: written out under its key, or in a
// file of its own, named under key_file. The environment wins over the file,
// whichever of the two it sets. what says what the file holds. It gives the key
// under which the secret was found and the file, "" for none; ok is false when
// it was refused.
func (k *checker) secret(c *Config, key, value, path, what string) (secret, at, from string, ok bool) {
	inFile := key + "_file"
	refuse := func(at, rule, remedy string) (string, string, string, bool) {
		k.fault(at, path, rule, remedy)
		return "", "", "", false
	}
	if value != "" && path != "" {
		valueSet, pathSet := k.written(key).variable != "", k.written(inFile).variable != ""
		switch {
		case valueSet == pathSet:
			path = ""
			return refuse(key, "is given twice, here and as "+inFile, "keep one of the two")
		case valueSet:
			path = ""
		}
	}
	if path == "" {
		return value, key, "", true
	}
	info, err := os.Stat(c.Path(path))
	if err != nil {
		return refuse(inFile, "cannot be read", "make the file, with "+what)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return refuse(inFile, "is open to every user of the machine", "close it: chmod 600")
	}
	data, err := os.ReadFile(c.Path(path))
	if err != nil {
		return refuse(inFile, "cannot be read", "let the user that runs lostlink read it")
	}
	if secret = strings.TrimSpace(string(data)); secret == "" {
		return refuse(inFile, "is empty", "put "+what+" into it")
	}
	return secret, inFile, path, true
}

// ledger takes the address of the ledger from where it is. It may hold a
// password and is never shown.
func (k *checker) ledger(c *Config, f *file) {
	url, at, path, ok := k.secret(c, "ledger.url", f.Ledger.URL, f.Ledger.URLFile, "one line: postgres://user:password@host/database")
	if !ok {
		return
	}
	if url != "" {
		if wrong := ledger.CheckURL(url); wrong != "" {
			k.fault(at, path, wrong, "write postgres://user:password@host/database")
		}
	}
	c.Ledger = Ledger{URL: url, URLFile: path, Programme: f.Ledger.Programme}
}
