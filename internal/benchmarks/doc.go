// Package benchmarks measures scopes, queues and settings beside plain Go and peers, in one run. It is
// a module of its own so that the peers' code stays out of fxhost's.
package benchmarks
