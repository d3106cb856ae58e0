package logging

import (
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"

	"go.uber.org/zap/zapcore"
	"golang.org/x/term"
)

// colorBehavior is .NET's LoggerColorBehavior.
type colorBehavior uint8

const (
	colorsDefault colorBehavior = iota // on a terminal
	colorsEnabled
	colorsDisabled
)

// UnmarshalText reads .NET's names, in any case.
func (c *colorBehavior) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "default":
		*c = colorsDefault
	case "enabled":
		*c = colorsEnabled
	case "disabled":
		*c = colorsDisabled
	default:
		return errors.New("want Default, Enabled or Disabled")
	}
	return nil
}

// colored tells whether to colour what goes to out. By default that is so on a
// terminal that can, unless NO_COLOR is set (https://no-color.org). On Windows it
// has to be Enabled: not every console there knows the codes.
func (c colorBehavior) colored(out io.Writer) bool {
	if c != colorsDefault {
		return c == colorsEnabled
	}
	return runtime.GOOS != "windows" && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(out)
}

// isTerminal does not use the method Fd of a file, which may make it blocking.
func isTerminal(out io.Writer) bool {
	f, ok := out.(syscall.Conn)
	if !ok {
		return false
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	terminal := false
	err = conn.Control(func(fd uintptr) { terminal = term.IsTerminal(int(fd)) })
	return err == nil && terminal
}

// tag is .NET's short name of a level.
func tag(l zapcore.Level) string {
	switch {
	case l < zapcore.DebugLevel:
		return "trce"
	case l == zapcore.DebugLevel:
		return "dbug"
	case l == zapcore.InfoLevel:
		return "info"
	case l == zapcore.WarnLevel:
		return "warn"
	case l == zapcore.ErrorLevel:
		return "fail"
	default:
		return "crit"
	}
}

// coloredTag is tag in .NET's colours.
func coloredTag(l zapcore.Level) string {
	color := "37;40" // gray on black
	switch t := tag(l); t {
	case "info":
		color = "32" // dark green
	case "warn":
		color = "33" // yellow
	case "fail":
		color = "30;41" // black on dark red
	case "crit":
		color = "37;41" // white on dark red
	}
	return "\x1b[" + color + "m" + tag(l) + "\x1b[0m"
}
