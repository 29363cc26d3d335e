package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// parse lays file and environment over the defaults.
//
// viper merges the layers and fills the structure, but knows no lines, turns
// dates into times and 0123 into a number. So the file is walked as a tree
// first: that checks keys and types with their lines and hands viper each
// value in the type its key has.
func parse(name string, data []byte, env []string) (*Config, error) {
	root, err := tree(name, data)
	if err != nil {
		return nil, err
	}
	k := &checker{name: name, places: map[string]place{}}
	values := map[string]any{}
	if root != nil {
		values, _ = k.node(root, reflect.TypeFor[file](), "").(map[string]any)
	}
	layers := viper.New()
	for _, d := range leavesOf(fileOf(Default())) {
		layers.SetDefault(d.key, d.value.Interface())
	}
	if err := layers.MergeConfigMap(values); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, o := range k.environment(env) {
		layers.Set(o.key, o.value)
	}
	if err := k.err(); err != nil {
		return nil, err // values of the wrong type cannot be checked further
	}
	var f file
	if err := layers.UnmarshalExact(&f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c := f.config(k)
	c.Dir = filepath.Dir(name)
	k.installationKey(c, &f)
	k.ledger(c, &f)
	k.weights(c, f.Weights)
	if err := k.err(); err != nil {
		return nil, err
	}
	return c, nil
}

var yamlLine = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// tree reads one YAML document; nil for an empty file.
func tree(name string, data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		e := &Error{Place: name, Rule: err.Error(), Remedy: "check the colons, the quotes and the indentation just above"}
		if m := yamlLine.FindStringSubmatch(e.Rule); m != nil {
			e.Rule = "is not valid YAML: " + m[2]
			if m[1] != "" {
				e.Place += ":" + m[1]
			}
		}
		return nil, e
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &Error{Place: fmt.Sprintf("%s:%d", name, max(more.Line, 1)), Rule: "a second YAML document begins", Remedy: "keep one document, without ---"}
	}
	return doc.Content[0], nil
}

// node checks one value against the type its key has and gives it in the form
// viper takes: maps, lists, text, numbers. nil means not set.
func (k *checker) node(n *yaml.Node, t reflect.Type, path string) any {
	k.places[path] = place{line: n.Line}
	wrong := func(value, rule, remedy string) any {
		k.faultAt(place{line: n.Line}, path, value, rule, remedy)
		return nil
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return wrong("", "uses a YAML anchor or alias", "write the value out")
	}
	if null(n) {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			return wrong(n.Value, "is no group of keys", "write its keys below it, indented: "+strings.Join(keys(t), ", "))
		}
		return k.group(n, t, path)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			return wrong(n.Value, "is no list", "write it in brackets: ["+n.Value+"]")
		}
		list := []any{}
		for i, c := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			if v := k.node(c, t.Elem(), at); v != nil {
				list = append(list, v)
			} else if null(c) {
				k.fault(at, "", "is empty", "fill it in or remove it")
			}
		}
		return list
	}
	if n.Kind != yaml.ScalarNode {
		return wrong("", "is no single value", "write "+sample(t))
	}
	v, err := scalar(n.Value, t)
	if err != nil {
		return wrong(n.Value, err.Error(), "write "+sample(t))
	}
	return v
}

// null tells a key without a value.
func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func (k *checker) group(n *yaml.Node, t reflect.Type, path string) map[string]any {
	out := map[string]any{}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at, line := join(path, key.Value), place{line: key.Line}
		field, known := fieldOf(t, key.Value)
		switch {
		case !known:
			remedy := "remove it; known here: " + strings.Join(keys(t), ", ")
			if near := Nearest(key.Value, keys(t)); near != "" {
				remedy = "did you mean " + near + "?"
			}
			k.faultAt(line, at, "", "is no option", remedy)
		case lines[key.Value] != 0:
			k.faultAt(line, at, "", fmt.Sprintf("stands in line %d already", lines[key.Value]), "keep one of the two")
		default:
			lines[key.Value] = key.Line
			if v := k.node(value, field.Type, at); v != nil {
				out[key.Value] = v
			}
		}
	}
	return out
}

// scalar reads text in the type of its key. Text stays exactly as written.
func scalar(s string, t reflect.Type) (any, error) {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		return nil, errors.New("is no whole number")
	case reflect.Float64:
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return x, nil
		}
		return nil, errors.New("is no number")
	case reflect.Bool:
		if s == "true" || s == "false" {
			return s == "true", nil
		}
		return nil, errors.New("is neither true nor false")
	}
	return s, nil
}

// sample shows how a value of the type is written.
func sample(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "digits, such as 90"
	case reflect.Float64:
		return "digits with a dot, such as 0.01"
	case reflect.Bool:
		return "true or false"
	}
	return `text, in quotes where YAML needs them: "a: b"`
}

// keys lists the keys of a group in the order they are written.
func keys(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		out = append(out, f.Tag.Get("mapstructure"))
	}
	return out
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	i := slices.Index(keys(t), key)
	if i < 0 {
		return reflect.StructField{}, false
	}
	return t.Field(i), true
}

// leaf is one key that holds a value: text, a number or a list.
type leaf struct {
	key   string // "period.start"
	value reflect.Value
}

// leavesOf lists the keys of a file with their values in the order they are
// written. Lists are leaves; what is in them is not.
func leavesOf(f *file) []leaf { return leaves(reflect.ValueOf(f).Elem(), "") }

func leaves(v reflect.Value, path string) []leaf {
	var out []leaf
	for i, key := range keys(v.Type()) {
		if at := join(path, key); v.Field(i).Kind() == reflect.Struct {
			out = append(out, leaves(v.Field(i), at)...)
		} else {
			out = append(out, leaf{at, v.Field(i)})
		}
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
