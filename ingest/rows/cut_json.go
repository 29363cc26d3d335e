package rows

import "strings"

func (j *jsonFile) onto(b []byte, n int64) {
	l := j.items.(*jsonLines)
	l.lines.r, l.lines.n, l.queue = l.odd.onto(b), n-1, nil
}

func (j *jsonFile) cutter() cutter {
	l, ok := j.items.(*jsonLines)
	if !ok || !l.begun || l.list != "" {
		return nil
	}
	c := &jsonCutter{root: &jsonNode{place: -1}}
	for i, p := range j.paths {
		// The same path twice, and keys that the reader would unescape first, are
		// left to it.
		if !c.root.add(strings.Split(string(p), "."), i) || strings.ContainsAny(string(p), "\\\"") {
			return nil
		}
	}
	return c
}

// jsonCutter takes lines that are one object, in strict JSON, as far as the
// paths that are looked for have no escapes, no lists and nothing twice. What it
// takes is text, so bytes below 0x20 within strings are as the reader takes them.
type jsonCutter struct {
	root   *jsonNode
	values []string
	line   uint32 // counts lines, to tell which nodes were seen in this one
}

// jsonNode is a key on the way to a value that is looked for.
type jsonNode struct {
	key   string
	place int // of the value, -1 for none
	below []*jsonNode
	next  int    // in below: where the key found next is expected
	seen  uint32 // line
}

// add is false if the path is there already.
func (n *jsonNode) add(path []string, place int) bool {
	if len(path) == 0 {
		if n.place >= 0 {
			return false
		}
		n.place = place
		return true
	}
	for _, b := range n.below {
		if b.key == path[0] {
			return b.add(path[1:], place)
		}
	}
	b := &jsonNode{key: path[0], place: -1}
	n.below = append(n.below, b)
	return b.add(path[1:], place)
}

// find gives the node of a key. Files repeat their keys in the same order.
func (n *jsonNode) find(key string) *jsonNode {
	at := n.next
	for range n.below {
		if at >= len(n.below) {
			at = 0
		}
		if b := n.below[at]; b.key == key {
			n.next = at + 1
			return b
		}
		at++
	}
	return nil
}

// jsonDepth is how deep values are looked through before the reader must.
const jsonDepth = 32

func (c *jsonCutter) cut(line string, values []string) cutting {
	line = trimJSON(line)
	if line == "" {
		return cutBlank
	}
	if line[0] != '{' {
		return cutOdd
	}
	clear(values) // what the line lacks is empty
	c.values = values
	c.line++
	if c.line == 0 {
		return cutOdd
	}
	rest, ok := c.object(line[1:], c.root, 1)
	if !ok || trimJSON(rest) != "" {
		return cutOdd
	}
	return cutRow
}

func (c *jsonCutter) one(line []byte) bool { return line[0] == '{' }

func jsonSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func trimJSON(s string) string {
	for s != "" && jsonSpace(s[0]) {
		s = s[1:]
	}
	return s
}

// object reads on behind a bracket; n is nil where nothing is looked for. It
// gives what follows the object.
func (c *jsonCutter) object(s string, n *jsonNode, depth int) (rest string, ok bool) {
	if depth > jsonDepth {
		return "", false
	}
	if s = trimJSON(s); s != "" && s[0] == '}' {
		return s[1:], true
	}
	for {
		if s = trimJSON(s); s == "" || s[0] != '"' {
			return "", false
		}
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return "", false
		}
		key := s[1 : end+1]
		s = s[end+2:]
		if s == "" || s[0] != ':' {
			if s = trimJSON(s); s == "" || s[0] != ':' {
				return "", false
			}
		}
		// A key with a backslash may not end there, or be another; one with a dot
		// may be a path's own.
		var below *jsonNode
		if n != nil {
			if below = n.find(key); below == nil && strings.IndexByte(key, '.') >= 0 {
				return "", false
			}
		}
		if below == nil && strings.IndexByte(key, '\\') >= 0 {
			return "", false
		}
		if below != nil {
			if below.seen == c.line {
				return "", false
			}
			below.seen = c.line
		}
		if s, ok = c.value(trimJSON(s[1:]), below, depth+1); !ok {
			return "", false
		}
		if s != "" && s[0] != ',' && s[0] != '}' {
			s = trimJSON(s)
		}
		switch {
		case s == "":
			return "", false
		case s[0] == ',':
			s = s[1:]
		case s[0] == '}':
			return s[1:], true
		default:
			return "", false
		}
	}
}

func (c *jsonCutter) value(s string, n *jsonNode, depth int) (rest string, ok bool) {
	if s == "" || depth > jsonDepth {
		return "", false
	}
	switch s[0] {
	case '"':
		v, rest, ok := jsonString(s[1:])
		if n != nil && n.place >= 0 && ok {
			if strings.IndexByte(v, '\\') >= 0 {
				return "", false
			}
			c.values[n.place] = v
		}
		return rest, ok
	case '{':
		if n != nil && n.place >= 0 {
			return "", false
		}
		return c.object(s[1:], n, depth)
	case '[':
		if n != nil {
			return "", false
		}
		return c.list(s[1:], depth)
	case 'n':
		return strings.CutPrefix(s, "null")
	case 't':
		rest, ok = strings.CutPrefix(s, "true")
	case 'f':
		rest, ok = strings.CutPrefix(s, "false")
	default:
		rest, ok = jsonNumber(s)
	}
	if ok && n != nil && n.place >= 0 {
		c.values[n.place] = s[:len(s)-len(rest)]
	}
	return rest, ok
}

func (c *jsonCutter) list(s string, depth int) (rest string, ok bool) {
	if s = trimJSON(s); s != "" && s[0] == ']' {
		return s[1:], true
	}
	for {
		if s, ok = c.value(trimJSON(s), nil, depth+1); !ok {
			return "", false
		}
		switch s = trimJSON(s); {
		case s == "":
			return "", false
		case s[0] == ',':
			s = s[1:]
		case s[0] == ']':
			return s[1:], true
		default:
			return "", false
		}
	}
}

// jsonString reads on behind a quote and gives the text as written.
func jsonString(s string) (text, rest string, ok bool) {
	for at := 0; ; {
		end := strings.IndexByte(s[at:], '"')
		if end < 0 {
			return "", "", false
		}
		end += at
		slashes := 0
		for slashes < end && s[end-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return s[:end], s[end+1:], true
		}
		at = end + 1
	}
}

// jsonNumber takes what the reader takes for a number, but for words.
func jsonNumber(s string) (rest string, ok bool) {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || s[end] == '-' || s[end] == '+' || s[end] == 'e' || s[end] == 'E') {
		end++
	}
	if end == 0 || end == 1 && (s[0] == '-' || s[0] == '+') {
		return "", false
	}
	return s[end:], true
}
