package host_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
)

const noSettings = "no settings file was read, and the content root is the root of the file system: set it with --contentRoot"

// warnings are those of a host that runs a service.
func warnings(t *testing.T, builder *host.Builder) []string {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	quiet(builder)
	builder.Logging.Options = []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return core })}
	builder.ConfigureOptions(func(o *host.Options) { o.ReloadConfigOnChange = false })
	builder.UseLifetime(nil)
	builder.Add(background.Func("w", untilEnded))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Error(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	var texts []string
	for _, record := range logs.All() {
		texts = append(texts, record.Message)
	}
	return texts
}

// A container whose working directory nobody has set starts in "/".
func TestTheRootOfTheFileSystemAsContentRootIsWarnedOf(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	root := filepath.VolumeName(folder) + string(filepath.Separator)
	if got := warnings(t, host.NewBuilder([]string{"--contentRoot=" + root})); len(got) != 1 || got[0] != noSettings {
		t.Errorf("warnings %q", got)
	}
	for name, builder := range map[string]*host.Builder{
		"a folder without files": host.NewBuilder([]string{"--contentRoot=" + folder}),
		"no file sources":        host.NewEmptyBuilder(),
	} {
		if got := warnings(t, builder); len(got) != 0 {
			t.Errorf("%s: warnings %q", name, got)
		}
	}
	write(t, folder, "appsettings.json", "{}")
	if got := warnings(t, host.NewBuilder([]string{"--contentRoot=" + folder})); len(got) != 0 {
		t.Errorf("a file was read: warnings %q", got)
	}
}

const besideVariable = "HINT_CONTENT_ROOT"

// A service manager starts a program in any folder.
func TestSettingsBesideTheExecutableAreWarnedOf(t *testing.T) {
	t.Parallel()
	if root := os.Getenv(besideVariable); root != "" { // the program, see below
		for _, text := range warnings(t, host.NewBuilder([]string{"--contentRoot=" + root})) {
			t.Log(text)
		}
		return
	}
	folder, elsewhere := t.TempDir(), t.TempDir()
	program := filepath.Join(folder, filepath.Base(os.Args[0]))
	copyProgram(t, program)
	run := func(root string) bool {
		command := exec.CommandContext(t.Context(), program, "-test.v", "-test.run=^"+t.Name()+"$")
		command.Env = append(os.Environ(), besideVariable+"="+root)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Contains(string(out), "settings files lie beside the executable, not in the content root")
	}
	if run(elsewhere) {
		t.Error("warned of no file")
	}
	write(t, folder, "appsettings.json", "{}")
	if !run(elsewhere) {
		t.Error("not warned")
	}
	if run(folder) {
		t.Error("warned, although the content root is that folder")
	}
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if os.Link(executable, to) == nil {
		return
	}
	from, err := os.Open(executable)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	copied, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if _, err := io.Copy(copied, from); err != nil {
		t.Fatal(err)
	}
}
