// Package ambient holds the key under which a context carries the scope of a unit
// of work, so that a context of ours can open it when it is first asked for.
package ambient

// Key is the key of a *scope.Scope.
type Key struct{}
