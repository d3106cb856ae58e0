// Package logging makes a [*zap.Logger] from section Logging of the
// configuration, laid out as .NET's:
//
//	"Logging": {
//	  "LogLevel": { "Default": "Information", "orders": "Debug" },
//	  "Console": { "FormatterName": "json", "LogLevel": { "orders.import": "Trace" } }
//	}
//
// The category of a record is the full name of its logger. The keys of LogLevel
// are prefixes of categories in any case, as plain text and with at most one
// "*"; the longest wins, and Default is the shortest (LO-1, LO-2). If a rule of
// Console matches, the general rules are not looked at. Without any match the
// level is [Settings.MinimumLevel], info unless told (LO-4, LO-5).
//
// Levels are .NET's (Trace, Debug, Information, Warning, Error, Critical, None)
// or zap's (debug, info, warn, error, dpanic, panic, fatal), in any case.
// Critical is dpanic, Trace is one below debug.
//
// The formats are simple (the default), a line to read with an error verbatim
// below it, and json, one object per line. Sections of other .NET providers
// (Debug, EventSource, EventLog) are accepted and do nothing. Nothing is
// sampled, and no stack trace is taken unless an option of zap asks for it.
package logging
