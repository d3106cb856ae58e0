// Package logging makes a [*zap.Logger] from section Logging of the
// configuration, laid out as .NET's:
//
//	"Logging": {
//	  "LogLevel": { "Default": "Information", "orders": "Debug" },
//	  "Console": { "FormatterName": "json", "LogLevel": { "orders.import": "Trace" } },
//	  "File": { "Path": "logs/app.log", "MaxSize": "100MiB", "MaxFiles": 10 }
//	}
//
// The category of a record is the full name of its logger. The keys of LogLevel
// are prefixes of categories in any case, as plain text and with at most one
// "*"; the longest wins, and Default is the shortest. Console and File
// are providers: if one of a provider's own rules matches, the general rules are
// not looked at. Without any match the level is [Settings.MinimumLevel], info
// unless told. Levels follow the configuration when that is loaded
// again.
//
// Levels are .NET's (Trace, Debug, Information, Warning, Error, Critical, None)
// or zap's (debug, info, warn, error, dpanic, panic, fatal), in any case.
// Critical is dpanic, Trace is one below debug.
//
// The formats are simple (the console's default), a line to read with an error
// verbatim below it, or .NET's two lines; json (the file's default), one object a
// line; and systemd, a line with the priority that the journal takes. Sections of
// other .NET providers (Debug, EventSource, EventLog) are accepted and do nothing.
// Nothing is sampled unless section Sampling asks for it, and then the drops are
// counted. No stack trace is taken unless an option of zap asks for it.
//
// [Slog] gives the same logger to code that takes log/slog, [Category] names a part
// of an application, [RedirectGlobals] takes in what is written by package log.
package logging
