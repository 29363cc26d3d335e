package config

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Marshal writes a configuration as the commented example with c's values in
// place of the defaults. Loaded from the same folder it gives c again.
func Marshal(c *Config) ([]byte, error) {
	example := Example()
	root, err := tree("example.yaml", example)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(example), "\n")
	for _, l := range leavesOf(fileOf(c)) {
		n := find(root, l.key)
		if n == nil {
			return nil, fmt.Errorf("the example has no %s", l.key)
		}
		// Every value of the example stands on the line of its key.
		line := &lines[n.Line-1]
		indent := len(*line) - len(strings.TrimLeft(*line, " "))
		key, _, _ := strings.Cut(*line, ":")
		text, err := value(l.value, indent)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", l.key, err)
		}
		*line = key + ":" + text
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// find gives the value of a key, nil if the tree has none.
func find(n *yaml.Node, key string) *yaml.Node {
	for part := range strings.SplitSeq(key, ".") {
		var found *yaml.Node
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == part {
				found = n.Content[i+1]
			}
		}
		if found == nil {
			return nil
		}
		n = found
	}
	return n
}

// value writes what follows "key:", a space or a line break first.
func value(v reflect.Value, indent int) (string, error) {
	n := nodeOf(v)
	if n.Kind == yaml.ScalarNode || n.Style == yaml.FlowStyle {
		b, err := yaml.Marshal(n)
		return " " + strings.TrimSuffix(string(b), "\n"), err
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return "", err
	}
	margin := "\n" + strings.Repeat(" ", indent+2)
	return margin + strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", margin), nil
}

// nodeOf builds the tree of a value: lists of plain values and innermost
// groups on one line, groups without the keys that are not set.
func nodeOf(v reflect.Value) *yaml.Node {
	switch v.Kind() {
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			n.Content = append(n.Content, nodeOf(v.Index(i)))
			if v.Type().Elem().Kind() == reflect.Struct {
				n.Style = 0
			}
		}
		return n
	case reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
		for i, key := range keys(v.Type()) {
			f := v.Field(i)
			if f.IsZero() {
				continue
			}
			if f.Kind() == reflect.Slice {
				n.Style = 0
			}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, nodeOf(f))
		}
		return n
	}
	n := &yaml.Node{}
	// Encode cannot fail on text, numbers and booleans.
	_ = n.Encode(v.Interface())
	if n.Kind == yaml.ScalarNode && strings.ContainsAny(n.Value, "\n\r") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}
