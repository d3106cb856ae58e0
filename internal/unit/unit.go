// Package unit writes units of systemd.
package unit

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// Unit describes a service.
type Unit struct {
	Name        string   // of the application
	Executable  string   // absolute path
	Arguments   []string // of the executable
	Directory   string   // absolute path of the working directory
	Environment [][2]string

	// Notifies tells that the program tells systemd what it does.
	Notifies bool

	Start time.Duration // how long the start may take, zero for what systemd allows
	Stop  time.Duration // how long drain and stop take, zero for no limit
}

const (
	// margin is what systemd waits on top: the program itself is to say what was too slow.
	margin = 5 * time.Second
	// watchdog is how long a program may be frozen.
	watchdog = 30 * time.Second
)

// hardening is what a program of Go that listens and dials can do without. Its
// addresses are those of sockets, and of netlink, which package net asks for the
// interfaces.
const hardening = `NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077
`

// Write writes the unit.
func (u *Unit) Write(out io.Writer) error {
	w := &writer{out: out}
	w.printf("# %s.service, as --print-unit prints it for the settings in force.\n", FileName(u.Name))
	if !u.Notifies {
		w.printf("# The program does not tell systemd when it is ready. It does with systemd.Use(builder); then print the unit again.\n")
	}
	w.printf("[Unit]\nDescription=%s\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\n", escape(u.Name))
	if u.Notifies {
		w.printf("# With systemd 253 or later: Type=notify-reload, without ExecReload.\n")
		w.printf("Type=notify\nExecReload=/bin/kill -HUP $MAINPID\nWatchdogSec=%s\n", seconds(watchdog))
	} else {
		w.printf("Type=exec\n")
	}
	w.printf("ExecStart=%s\nWorkingDirectory=%s\n", u.command(), escape(u.Directory))
	for _, e := range u.Environment {
		w.printf("Environment=%s\n", quote(e[0]+"="+e[1]))
	}
	w.printf("Restart=on-failure\nRestartSec=1s\n")
	if u.Start > 0 {
		w.printf("# startup timeout %v + %v\nTimeoutStartSec=%s\n", u.Start, margin, seconds(u.Start+margin))
	}
	if u.Stop > 0 {
		w.printf("# drain delay and shutdown timeout %v + %v\nTimeoutStopSec=%s\n", u.Stop, margin, seconds(u.Stop+margin))
	} else {
		w.printf("# no shutdown timeout\nTimeoutStopSec=infinity\n")
	}
	w.printf("KillMode=mixed\n\n# A user of its own, who can read what everybody can. With User= instead, the program can read more.\nDynamicUser=yes\n")
	home := u.inHome()
	if home {
		w.printf("# The program, or its content root, is in a home directory, which only its owner can read: move it, such as to /opt/%s.\n",
			FileName(u.Name))
	}
	w.printf("ProtectHome=%s\n", map[bool]string{true: "read-only", false: "yes"}[home])
	w.printf("%s", hardening)
	w.printf("# It may write to no other place than this, and its own /tmp:\n#StateDirectory=%s\n#ReadWritePaths=/var/lib/%s\n",
		FileName(u.Name), FileName(u.Name))
	w.printf("\n[Install]\nWantedBy=multi-user.target\n")
	return w.err
}

type writer struct {
	out io.Writer
	err error
}

func (w *writer) printf(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.out, format, args...)
	}
}

func (u *Unit) command() string {
	words := []string{quote(u.Executable)}
	for _, argument := range u.Arguments {
		// A $ would be that of a variable. It is one in arguments only.
		words = append(words, strings.ReplaceAll(quote(argument), "$", "$$"))
	}
	return strings.Join(words, " ")
}

func (u *Unit) inHome() bool {
	for _, path := range []string{u.Executable, u.Directory} {
		for _, home := range []string{"/home", "/root", "/run/user"} {
			if path == home || strings.HasPrefix(path, home+"/") {
				return true
			}
		}
	}
	return false
}

// FileName is the name of the application as that of a unit.
func FileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < 128 && (r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return r
		}
		return '-'
	}, name)
	if name = strings.Trim(name, "-."); name == "" {
		return "app"
	}
	return name
}

// escape keeps systemd from finding specifiers and other lines in a value.
func escape(value string) string {
	return strings.NewReplacer("%", "%%", "\n", " ", "\r", " ").Replace(value)
}

// quote makes one word of a value.
func quote(word string) string {
	word = strings.ReplaceAll(word, "%", "%%")
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(word) + `"`
}

// plain are the characters that need no quotes.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,@+%$"

// seconds is a time as systemd reads it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.0fs", math.Ceil(d.Seconds())) }
