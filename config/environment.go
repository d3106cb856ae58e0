package config

import (
	"os"
	"strings"

	"github.com/fxhost/fxhost/internal/settingsfile"
)

// environmentName is the name of a source of environment variables.
const environmentName = "environment"

// Environment is a [Source] of environment variables, given as os.Environ gives
// them; nil means os.Environ() at the time of each load. Only names that begin
// with prefix, in any case, are taken, and the prefix is removed. "__" in a
// name is ":", so DB__HOST is DB:HOST. All values are strings.
//
// The names that hosting services give to connection strings are recognized:
// POSTGRESQLCONNSTR_orders is ConnectionStrings:orders, and
// ConnectionStrings:orders_ProviderName is Npgsql. They are SQLCONNSTR_,
// SQLAZURECONNSTR_, MYSQLCONNSTR_, POSTGRESQLCONNSTR_, CUSTOMCONNSTR_,
// APIHUBCONNSTR_, DOCDBCONNSTR_, EVENTHUBCONNSTR_, NOTIFICATIONHUBCONNSTR_,
// REDISCACHECONNSTR_ and SERVICEBUSCONNSTR_.
//
// Names that differ only in case are common here (http_proxy, HTTP_PROXY) and
// no error: the last one wins.
func Environment(prefix string, environ []string) Source {
	return textSource{environmentName, prefix != "", prefix, func() ([]entry, error) {
		if environ == nil {
			return parseEnvironment(prefix, os.Environ()), nil
		}
		return parseEnvironment(prefix, environ), nil
	}}
}

func parseEnvironment(prefix string, environ []string) []entry {
	prefix = envKey(prefix)
	values := newLastWins()
	take := func(key, value string) {
		switch {
		case len(key) <= len(prefix) || !strings.EqualFold(key[:len(prefix)], prefix):
			// not ours, or "=C:=C:\" of Windows, which has no name
		case strings.Count(key, delimiter) >= maxDepth:
			// not a setting, and no reason to refuse to start
		default:
			values.set(key[len(prefix):], value)
		}
	}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		key, provider := connection(name)
		take(key, value)
		if provider != "" {
			take(key+"_ProviderName", provider)
		}
	}
	return values.entries
}

// connection returns the key of a variable, and the database's driver of .NET if
// it is a connection string of a hosting service.
func connection(name string) (key, provider string) {
	for _, service := range [...]struct{ prefix, provider string }{
		{"SQLCONNSTR_", "System.Data.SqlClient"},
		{"SQLAZURECONNSTR_", "System.Data.SqlClient"},
		{"MYSQLCONNSTR_", "MySql.Data.MySqlClient"},
		{"POSTGRESQLCONNSTR_", "Npgsql"},
		{"CUSTOMCONNSTR_", ""},
		{"APIHUBCONNSTR_", ""},
		{"DOCDBCONNSTR_", ""},
		{"EVENTHUBCONNSTR_", ""},
		{"NOTIFICATIONHUBCONNSTR_", ""},
		{"REDISCACHECONNSTR_", ""},
		{"SERVICEBUSCONNSTR_", ""},
	} {
		if n := len(service.prefix); len(name) > n && strings.EqualFold(name[:n], service.prefix) {
			return "ConnectionStrings:" + envKey(name[n:]), service.provider
		}
	}
	return envKey(name), ""
}

func envKey(name string) string { return settingsfile.EnvironmentKey(name) }
