//go:build !windows

package host

// defaultContentRoot is the working directory.
func defaultContentRoot() string { return "." }
