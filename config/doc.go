// Package config reads layered configuration into one immutable snapshot, as
// .NET's ConfigurationManager does.
//
// A [Manager] holds [Source] values in order; for each key the last source that
// has it wins. Keys are case-insensitive paths, "Worker:Interval"; the items of
// a list are the keys "0", "1", ... below it, so that lists of two sources merge
// by index. An explicit null reads as not set.
//
// [Manager.Bind] writes a section into a struct and checks it strictly:
// durations have a unit, unknown keys are errors, and every problem is reported
// at once as a [*KeyError] with key, value and source. Values that look like
// secrets are printed as ***.
//
// [Configure] does that for a whole application: it provides the options of each
// part to its constructors, checked before the first hosted service is constructed.
//
// Each load builds a new tree of values and swaps it in one atomic step, so reads
// never lock. [Manager.Viper] returns a copy for code that takes a viper.
package config

// The files of the package follow the way of a value. A source yields entries
// (file.go, environment.go, commandline.go, keyperfile.go, usersecrets.go; those of
// files come from internal/settingsfile), layers of entries become one tree
// (layer.go, tree.go, manager.go), and a section of the tree becomes a struct
// (bind.go, convert.go, options.go, monitor.go). Calls go down this way, except that
// a Chain reads another Manager.
