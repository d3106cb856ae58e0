// Package logging builds a [*zap.Logger] from section Logging of the
// configuration, laid out as .NET's:
//
//	"Logging": {
//	  "LogLevel": { "Default": "Information", "orders": "Debug" },
//	  "Console": { "FormatterName": "json", "LogLevel": { "orders.import": "Trace" } },
//	  "File": { "Path": "logs/app.log", "MaxSize": "100MiB", "MaxFiles": 10 }
//	}
//
// The category of a record is the full name of its logger. The keys of LogLevel are
// prefixes of categories and ignore case. A key may contain one "*". The longest key
// that matches wins; Default matches everything and counts as the shortest. Console
// and File are providers: if one of a provider's own rules matches, the general rules
// are ignored. If no rule matches, the level is [Settings.MinimumLevel], by default
// info. Levels change when the configuration is reloaded.
//
// Levels are .NET's (Trace, Debug, Information, Warning, Error, Critical, None)
// or zap's (debug, info, warn, error, dpanic, panic, fatal), in any case.
// Critical is dpanic, Trace is one below debug.
//
// There are three formats. Simple, the default of the console, writes a readable line
// with the error on lines below it, or the two lines of .NET. Json, the default of the
// file, writes an object on each line. Systemd writes a line with the priority that the
// journal reads. Sections of other .NET providers (Debug, EventSource, EventLog) are
// accepted and do nothing. Records are sampled only if there is a section Sampling; the
// records that it drops are counted. Stack traces are written only if an option of zap
// asks for them.
//
// [Slog] returns a log/slog logger for the same outputs, [Category] names a part of an
// application, and [RedirectGlobals] redirects package log to a logger.
package logging
