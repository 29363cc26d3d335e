package reconcile

import "slices"

// lists files numbers under keys. It holds what a map of slices would, in two
// arrays instead of an allocation a key: keys are many, and most have one number.
type lists[K comparable] struct {
	at    map[K]int32 // key → its list
	start []int32     // where each list starts, and the end of the last
	items []int32
}

// of gives the numbers under a key in the order they were filed, unless sorted.
func (l *lists[K]) of(k K) []int32 {
	n, ok := l.at[k]
	if !ok {
		return nil
	}
	return l.items[l.start[n]:l.start[n+1]:l.start[n+1]]
}

// sort puts every list in order and drops what it holds twice.
func (l *lists[K]) sort() {
	end := int32(0)
	for n := range len(l.start) - 1 {
		list := l.items[l.start[n]:l.start[n+1]]
		slices.Sort(list)
		l.start[n] = end
		end += int32(copy(l.items[end:], slices.Compact(list)))
	}
	l.start[len(l.start)-1] = end
	l.items = l.items[:end]
}

// filing is lists in the making.
type filing[K comparable] struct {
	at   map[K]int32
	list []int32 // per number filed: the list it goes to
	item []int32
}

// newFiling expects some keys and numbers.
func newFiling[K comparable](keys, numbers int) *filing[K] {
	return &filing[K]{at: make(map[K]int32, keys), list: make([]int32, 0, numbers), item: make([]int32, 0, numbers)}
}

func (f *filing[K]) add(k K, item int32) {
	n, ok := f.at[k]
	if !ok {
		n = int32(len(f.at))
		f.at[k] = n
	}
	f.list, f.item = append(f.list, n), append(f.item, item)
}

func (f *filing[K]) lists() lists[K] {
	l := lists[K]{at: f.at}
	l.start, l.items = parted(len(f.at), f.list, f.item)
	return l
}

// ranged is lists whose keys are the numbers from 0.
type ranged struct{ start, items []int32 }

func (r *ranged) of(n int32) []int32 {
	if n < 0 || int(n) >= len(r.start)-1 {
		return nil
	}
	return r.items[r.start[n]:r.start[n+1]:r.start[n+1]]
}

// rangedBy files the indexes of keys under their key, below n; -1 for none.
func rangedBy(n int, keys []int32) ranged {
	var r ranged
	r.start, r.items = parted(n, keys, nil)
	return r
}

// parted puts items, or if nil the indexes of list, one list behind the other;
// -1 is for no list.
func parted(lists int, list, item []int32) (start, items []int32) {
	start = make([]int32, lists+2)
	for _, n := range list {
		if n >= 0 {
			start[n+2]++
		}
	}
	for n := 2; n < len(start); n++ {
		start[n] += start[n-1]
	}
	items = make([]int32, start[len(start)-1])
	for i, n := range list {
		if n < 0 {
			continue
		}
		v := int32(i)
		if item != nil {
			v = item[i]
		}
		items[start[n+1]] = v
		start[n+1]++
	}
	return start[:lists+1], items
}
