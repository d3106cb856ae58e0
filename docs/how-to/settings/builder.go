package settings

import (
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

// NewBuilder returns the builder of the program. args are the arguments of the
// process without its name.
func NewBuilder(args []string) *host.Builder {
	builder := host.NewBuilder(args, config.Switches(map[string]string{"-i": "Import:Interval"}))
	builder.Add(Module())
	return builder
}

// AddSecrets adds a directory with one file for each key, as Docker and Kubernetes
// mount it. Its values win over all others.
func AddSecrets(builder *host.Builder, folder string) error {
	return builder.Configuration.Add(config.OptionalKeyPerFile(folder))
}

// Verbose sets the level of a category to Debug.
func Verbose(configuration *config.Manager, category string) error {
	return configuration.Add(config.Map(map[string]any{"Logging:LogLevel:" + category: "Debug"}))
}

// NotReloaded returns the error of the last reload, or nil if the settings are those
// of the files.
func NotReloaded(h *host.Host) error {
	status, _ := h.Services().Get("config.Watcher")
	return status.LastError
}
