package logging

import (
	"log"
	"log/slog"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// RedirectGlobals leads what is written by package log, by the default logger of
// log/slog, and by zap.L and zap.S to to, until the returned function is called,
// which puts everything back (Z9). Records of package log are info, of category
// log. They are global to the process: only a program's main may decide on them.
func RedirectGlobals(to *zap.Logger) (restore func()) {
	defaultLogger, output, flags := slog.Default(), log.Writer(), log.Flags()
	zaps := zap.ReplaceGlobals(to)
	slog.SetDefault(Slog(to))
	std := zap.RedirectStdLog(category.Named(to, "log")) // after slog, which takes package log, too
	return func() {
		std()
		slog.SetDefault(defaultLogger)
		log.SetOutput(output) // zap leaves stderr,
		log.SetFlags(flags)   // and slog has changed these before
		zaps()
	}
}
