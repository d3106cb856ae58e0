package logging_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// toFile makes a logger with a file in dir.
func toFile(t *testing.T, dir string, section map[string]any) (*zap.Logger, *bytes.Buffer) {
	t.Helper()
	configuration, err := config.New(config.Map(map[string]any{"Logging": section}))
	if err != nil {
		t.Fatal(err)
	}
	console := &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(console), ContentRoot: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := logging.Close(log); err != nil {
			t.Error(err)
		}
	})
	return log, console
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAFileHasLevelsAndAFormatOfItsOwn(t *testing.T) { // LO-1, LO-3
	t.Parallel()
	dir := t.TempDir()
	log, console := toFile(t, dir, map[string]any{
		"LogLevel":      map[string]any{"Default": "Warning", "orders": "Information"},
		"Console":       map[string]any{"LogLevel:orders": "Error"},
		"File":          map[string]any{"Path": "logs/app.log", "LogLevel:orders.import": "Debug"},
		"File:MaxFiles": 2,
	})
	imports := category.Named(category.Named(log, "orders").With(zap.Int("n", 1)), "import")
	imports.Debug("first")
	category.Named(log, "orders").Info("second")
	log.Info("third")
	if !imports.Core().Enabled(zapcore.DebugLevel) || log.Core().Enabled(zapcore.InfoLevel) && log.Check(zapcore.InfoLevel, "") != nil {
		t.Error("the levels are not those of the file")
	}
	if err := logging.Close(log); err != nil {
		t.Error(err)
	}
	imports.Error("after the end")
	got := read(t, filepath.Join(dir, "logs", "app.log"))
	for i, want := range []string{`"message":"first","n":1}`, `"message":"second"}`, `"message":"after the end","n":1}`} {
		if line := strings.Split(got, "\n")[i]; !strings.HasSuffix(line, want) {
			t.Errorf("line %d is %s, want %s", i, line, want)
		}
	}
	if n := strings.Count(console.String(), "\n"); n != 1 {
		t.Errorf("the console has\n%s", console)
	}
}

func TestRotationLosesNoRecord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, _ := toFile(t, dir, map[string]any{
		"Console:LogLevel:Default": "None",
		"File":                     map[string]any{"Path": "app.log", "MaxSize": "1MiB", "Compress": false},
	})
	const writers, records = 8, 400
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for r := range records {
				log.Info("m", zap.String("id", fmt.Sprint(w, ".", r)), zap.String("filler", strings.Repeat("x", 1000)))
			}
		})
	}
	group.Wait()
	if err := logging.Close(log); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "app*"))
	if err != nil || len(files) < 4 {
		t.Fatalf("files %q, %v: there was no rotation", files, err)
	}
	seen := map[string]int{}
	for _, path := range files {
		for line := range strings.Lines(read(t, path)) {
			var r struct{ ID string }
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%s: %q: %v", path, line, err)
			}
			seen[r.ID]++
		}
	}
	if len(seen) != writers*records {
		t.Errorf("%d records, want %d", len(seen), writers*records)
	}
}

func TestAFileThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "file", "app.log"): "not a directory",
		dir:                                   "is a directory",
	} {
		configuration, err := config.New(config.Map(map[string]any{"Logging:File:Path": path}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = logging.New(configuration, logging.Settings{})
		if want := fmt.Sprintf("config: Logging:File:Path: %q: cannot write %s: %s", path, path, want); err == nil || err.Error() != want {
			t.Errorf("error\n%v\nwant\n%s", err, want)
		}
	}
}

func TestWhatSamplingDropsIsCounted(t *testing.T) { // Z4
	t.Parallel()
	log, output := setup(t, map[string]any{"Sampling": map[string]any{"Every": "1h", "First": 2, "Thereafter": 5}})
	for range 12 {
		log.Info("the same")
	}
	log.Info("another")
	if n := strings.Count(output.String(), "the same"); n != 4 || logging.Dropped(log.Named("x")) != 8 {
		t.Errorf("%d records, %d dropped", n, logging.Dropped(log))
	}
	if err := logging.Close(log); err != nil {
		t.Error(err)
	}
	if !strings.Contains(output.String(), "records dropped by sampling\t{\"dropped\": 8}") {
		t.Errorf("output\n%s", output)
	}
	if plain, _ := setup(t, nil); logging.Dropped(plain) != 0 || logging.Dropped(zap.NewNop()) != 0 {
		t.Error("dropped without sampling")
	}
}
