package config

import (
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"
)

const prefix = "LOSTLINK_"

// otherVariables are read elsewhere and are no options: by the project's own
// tests.
var otherVariables = []string{"LOSTLINK_NO_SKIP", "LOSTLINK_OOXML_VALIDATOR", "LOSTLINK_SHARED"}

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

// installationKey takes the key from where it is: written out, or in a file of
// its own. The environment wins over the file, whichever of the two it sets.
func (k *checker) installationKey(c *Config, f *file) {
	key, path := f.InstallationKey, f.InstallationKeyFile
	if key != "" && path != "" {
		keySet := k.written("installation_key").variable != ""
		pathSet := k.written("installation_key_file").variable != ""
		switch {
		case keySet == pathSet:
			k.fault("installation_key", "", "is given twice, here and as installation_key_file", "keep one of the two")
			return
		case keySet:
			path = ""
		}
	}
	at := "installation_key"
	if path != "" {
		at = "installation_key_file"
		c.InstallationKeyFile = path
		info, err := os.Stat(c.Path(path))
		if err != nil {
			k.fault(at, path, "cannot be read", "make the file, with one line of at least 16 random characters")
			return
		}
		if info.Mode().Perm()&0o007 != 0 {
			k.fault(at, path, "is open to every user of the machine", "close it: chmod 600")
			return
		}
		data, err := os.ReadFile(c.Path(path))
		if err != nil {
			k.fault(at, path, "cannot be read", "let the user that runs lostlink read it")
			return
		}
		if key = strings.TrimSpace(string(data)); key == "" {
			k.fault(at, path, "is empty", "put one line of at least 16 random characters into it")
			return
		}
	}
	if key != "" && len(key) < keyLeast {
		k.fault(at, path, "holds fewer than 16 characters", "take more, such as the output of: openssl rand -hex 16")
	}
	c.Reconcile.InstallationKey = key
}
