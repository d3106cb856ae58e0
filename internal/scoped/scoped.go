// Package scoped is what package config says to package scope without its users.
package scoped

// Optional is a constructor for scope.Provide that may be in an application without
// scope.Module.
type Optional struct{ Constructor any }
