package config

// Nearest gives the name of the list that a mistyped word most likely meant,
// "" if none is close: at most one edit in three letters.
func Nearest(word string, names []string) string {
	best, least := "", len(word)/3
	for _, name := range names {
		if d := edits(word, name); d <= least && (best == "" || d < least) {
			best, least = name, d
		}
	}
	return best
}

// edits counts the insertions, deletions, changes and swaps of neighbours that
// turn a into b.
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
