//go:build purego

package scope_test

// place is what @ stands for in a text that wantText asserts. Without unsafe code
// fx does not know the constructors' places; they are in the names it prints.
const place = `\(\S+(?:_test\.go|/asm_\w+\.s):\d+\)`
