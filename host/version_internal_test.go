package host

import (
	"runtime/debug"
	"testing"
)

func TestDescribeBuild(t *testing.T) {
	t.Parallel()
	settings := []debug.BuildSetting{
		{Key: "GOOS", Value: "linux"},
		{Key: "GOARCH", Value: "arm64"},
		{Key: "vcs.revision", Value: "3ff1331"},
		{Key: "vcs.time", Value: "2026-10-02T12:00:00Z"},
		{Key: "vcs.modified", Value: "true"},
	}
	for _, test := range []struct {
		info *debug.BuildInfo
		want string
	}{
		{nil, "shop (built without module information)\n"},
		{&debug.BuildInfo{GoVersion: "go1.26", Settings: settings[:2]}, "shop (devel)\ngo1.26 linux/arm64\n"},
		{
			&debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: "v1.2.3"}, Settings: settings},
			"shop v1.2.3\ngo1.26 linux/arm64\nrevision 3ff1331 of 2026-10-02T12:00:00Z, with local changes\n",
		},
	} {
		if got := describeBuild("shop", test.info); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}
