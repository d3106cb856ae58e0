package config

import (
	"os"
	"strings"
)

// environmentName is the name of a source of environment variables.
const environmentName = "environment"

// Environment is a [Source] of environment variables, given as os.Environ gives
// them; nil means os.Environ() at the time of each load. Only names that begin
// with prefix, in any case, are taken, and the prefix is removed. "__" in a
// name is ":" (CG-2), so DB__HOST is DB:HOST. All values are strings.
//
// Names that differ only in case are common here (http_proxy, HTTP_PROXY) and
// no error: the last one wins.
func Environment(prefix string, environ []string) Source {
	return Func(environmentName, func() (map[string]any, error) {
		if environ == nil {
			return parseEnvironment(prefix, os.Environ()), nil
		}
		return parseEnvironment(prefix, environ), nil
	})
}

func parseEnvironment(prefix string, environ []string) map[string]any {
	prefix = envKey(prefix)
	values := newLastWins()
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		key := envKey(name)
		if len(key) <= len(prefix) || !strings.EqualFold(key[:len(prefix)], prefix) {
			continue // not ours, or "=C:=C:\" of Windows, which has no name
		}
		values.set(key[len(prefix):], value)
	}
	return values.values
}

func envKey(name string) string { return strings.ReplaceAll(name, "__", delimiter) }
