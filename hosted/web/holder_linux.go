package web

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is who listens on the address, 0 if that cannot be told: the files of
// other users' processes cannot be read.
func (a address) process() (pid int, name string) {
	sockets := a.sockets()
	if len(sockets) == 0 {
		return 0, ""
	}
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is right
	for _, path := range descriptors {
		if target, err := os.Readlink(path); err != nil || !sockets[target] {
			continue
		}
		process := strings.Split(path, "/")[2]
		command, _ := os.ReadFile("/proc/" + process + "/comm") // it may have ended
		pid, _ = strconv.Atoi(process)
		return pid, strings.TrimSpace(string(command))
	}
	return 0, ""
}

// sockets that listen on the address, as links in /proc name them.
func (a address) sockets() map[string]bool {
	found := map[string]bool{}
	if a.network == "unix" {
		lines("/proc/net/unix", func(column []string) {
			if len(column) > 7 && column[7] == a.name && column[3] == "00010000" { // it accepts
				found["socket:["+column[6]+"]"] = true
			}
		})
		return found
	}
	number, _ := strconv.ParseUint(a.name[strings.LastIndex(a.name, ":")+1:], 10, 16) // parseURL has checked it
	port := fmt.Sprintf(":%04X", number)
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		lines(file, func(column []string) {
			if len(column) > 9 && strings.HasSuffix(column[1], port) && column[3] == "0A" { // it listens
				found["socket:["+column[9]+"]"] = true
			}
		})
	}
	return found
}

func lines(file string, each func(columns []string)) {
	f, err := os.Open(file)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // it was only read
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		each(strings.Fields(scanner.Text()))
	}
}
