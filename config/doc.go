// Package config reads layered configuration into one immutable snapshot, as
// .NET's ConfigurationManager does.
//
// A [Manager] holds [Source] values in order; for each key the last source that
// has it wins. Keys are case-insensitive paths, "Worker:Interval"; the items of
// a list are the keys "0", "1", ... below it, so that lists of two sources merge
// by index (CG-1). An explicit null reads as not set.
//
// [Manager.Bind] writes a section into a struct and checks it strictly:
// durations carry a unit, unknown keys are refused, and every problem is
// reported at once as a [*KeyError] with key, value and source. Values of keys
// that look like secrets are printed as ***.
//
// viper decodes the files and is never shared: each load builds a new snapshot
// and swaps it in one atomic step, so reads never lock.
package config
