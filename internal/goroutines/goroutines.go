// Package goroutines marks goroutines with the name of whom they work for, and finds
// their stacks by it. A goroutine passes its mark on to those that it starts.
package goroutines

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
)

// label is the label of package runtime/pprof that marks them. Profiles show it, too.
const label = "fxhost.service"

// Do calls f on the calling goroutine, which is marked until f returns. So is any
// goroutine that later calls [Adopt] with the context of f, or with one made of it.
func Do(ctx context.Context, name string, f func(ctx context.Context)) {
	pprof.Do(ctx, pprof.Labels(label, name), f)
}

// Adopt gives the calling goroutine the mark of ctx, for the rest of its life.
func Adopt(ctx context.Context) { pprof.SetGoroutineLabels(ctx) }

// Stacks has the stacks of all goroutines that are marked with name, but for that of the
// caller. Those that are the same are one. It stops the program for a moment. A program that does not call it
// does not link what writes the stacks, which is 300 KB.
func Stacks(name string) string {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return err.Error()
	}
	// Goroutines with the same stack and labels are one block: a count with
	// addresses, the labels, a line for each function, and an empty line.
	var stacks []string
	marked := fmt.Sprintf("%q:%q", label, name)
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		_, rest, _ := strings.Cut(block, "\n")
		labels, functions, _ := strings.Cut(rest, "\n")
		if strings.HasPrefix(labels, "# labels:") && strings.Contains(labels, marked) {
			stacks = append(stacks, readable(functions))
		}
	}
	return strings.Join(stacks, "\n\n")
}

// readable leaves out the addresses of a stack: each line has "#", the address, the
// function and the place, between tabs.
func readable(functions string) string {
	var b strings.Builder
	for line := range strings.Lines(functions) {
		parts := strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool { return r == '\t' })
		if len(parts) < 4 {
			b.WriteString(line)
			continue
		}
		function, _, _ := strings.Cut(parts[2], "+0x")
		fmt.Fprintf(&b, "%s\n\t%s\n", function, parts[3])
	}
	return strings.TrimSuffix(b.String(), "\n")
}
