//go:build !linux

package admin_test

// runProgram is for the test of the terminal.
func runProgram() bool { return false }
