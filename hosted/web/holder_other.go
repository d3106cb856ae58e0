//go:build !linux

package web

// process is who listens on the address: only Linux tells.
func (address) process() (pid int, name string) { return 0, "" }
