package settings

import (
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

// NewBuilder makes the builder of the program; args are those of the process,
// without its name.
func NewBuilder(args []string) *host.Builder {
	builder := host.NewBuilder(args, config.Switches(map[string]string{"-i": "Import:Interval"}))
	builder.Add(Module())
	return builder
}

// AddSecrets adds a folder with one file for each key, as Docker and Kubernetes
// mount it. Its values win over all others.
func AddSecrets(builder *host.Builder, folder string) error {
	return builder.Configuration.Add(config.OptionalKeyPerFile(folder))
}

// Verbose makes everything below a category speak, at once.
func Verbose(configuration *config.Manager, category string) error {
	return configuration.Add(config.Map(map[string]any{"Logging:LogLevel:" + category: "Debug"}))
}

// NotReloaded is what is wrong with the files as they are now, nil if they are in
// force.
func NotReloaded(h *host.Host) error {
	status, _ := h.Services().Get("config.Watcher")
	return status.LastError
}
