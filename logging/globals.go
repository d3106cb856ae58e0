package logging

import (
	"log"
	"log/slog"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// RedirectGlobals redirects package log, the default logger of log/slog, zap.L and zap.S
// to a logger, until the returned function is called. Records of package log have the
// level info and the category log. These loggers are global to the process, so only the
// main function of a program should redirect them.
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
