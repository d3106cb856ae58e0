package logging

import "strings"

// hint names the key that may have been meant by one that is not known.
func hint(name string, known ...string) string {
	best, limit := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := edits(strings.ToLower(name), strings.ToLower(k)); d < limit {
			best, limit = k, d
		}
	}
	if best == "" {
		return "known are " + strings.Join(known, ", ") + ", and providers with a LogLevel"
	}
	return `did you mean "` + best + `"?`
}

// edits counts the letters to insert, delete or replace to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0] // row[j] of the line above
		row[0]++
		for j := range len(b) {
			replace := before
			if a[i] != b[j] {
				replace++
			}
			before, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, replace)
		}
	}
	return row[len(b)]
}
