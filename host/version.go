package host

import (
	"bytes"
	"cmp"
	"fmt"
	"runtime/debug"
)

// tellVersion answers --version.
func (b *Builder) tellVersion(_ string, out *bytes.Buffer) error {
	info, _ := debug.ReadBuildInfo()
	out.WriteString(describeBuild(b.name(), info))
	return nil
}

// describeBuild is the name and version of a program, the Go version it was built
// with, and the revision it was built from.
func describeBuild(name string, info *debug.BuildInfo) string {
	if info == nil {
		return name + " (built without module information)\n"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	text := fmt.Sprintf("%s %s\n%s %s/%s\n", name, cmp.Or(info.Main.Version, "(devel)"),
		info.GoVersion, settings["GOOS"], settings["GOARCH"])
	if revision := settings["vcs.revision"]; revision != "" {
		text += "revision " + revision
		if at := settings["vcs.time"]; at != "" {
			text += " of " + at
		}
		if settings["vcs.modified"] == "true" {
			text += ", with local changes"
		}
		text += "\n"
	}
	return text
}
