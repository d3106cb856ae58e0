package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
)

type mailSettings struct {
	Server string
	User   string `secret:"true"`
	Key    config.Secret
	Boxes  []struct{ Phrase config.Secret }
	Limit  int `secret:"true"`
}

func TestSettingsSayWhereTheyCameFromAndMaskSecrets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mail.json")
	text := "{\n\"Mail\": {\"Server\": \"smtp\", \"User\": \"ada\",\n\"Key\": \"k1\", \"Boxes\": [{\"Phrase\": \"p1\"}], \"Tags\": []},\n\"Other\": {\"Greeting\": \"hello\"}}"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	manager, err := config.New(config.File(path), config.Map(map[string]any{
		"Mail:Password": "x", "Mail:Url": "smtp://u:p@h", "Read": true,
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.NewMonitor[mailSettings](manager, "Mail"); err == nil {
		t.Fatal("unknown keys are allowed")
	}
	manager.Get("read")

	const file = "mail.json"
	want := []config.Setting{
		{Key: "Mail:Boxes:0:Phrase", Value: "***", Masked: "its type", Source: file, Line: 3},
		{Key: "Mail:Key", Value: "***", Masked: "its type", Source: file, Line: 3},
		{Key: "Mail:Password", Value: "***", Masked: "its name", Source: "memory"},
		{Key: "Mail:Server", Value: `"smtp"`, Source: file, Line: 2},
		{Key: "Mail:Tags", Value: "[]", Source: file, Line: 3},
		{Key: "Mail:Url", Value: "***", Masked: "its value", Source: "memory"},
		{Key: "Mail:User", Value: "***", Masked: "its type", Source: file, Line: 2},
		{Key: "Other:Greeting", Value: "***", Masked: "nothing reads it", Source: file, Line: 4, Unread: true},
		{Key: "Read", Value: "true", Source: "memory"},
	}
	got := manager.Settings()
	for i := range got {
		got[i].Source = filepath.Base(got[i].Source)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if view := manager.DebugView(); strings.Contains(view, "ada") || strings.Contains(view, "k1") || strings.Contains(view, "p1") {
		t.Errorf("the view shows a secret:\n%s", view)
	}
}

// A value that does not fit is not in the error if its type says that it is secret,
// also after a reload.
func TestDeclaredSecretsAreNotInErrors(t *testing.T) {
	t.Parallel()
	values := map[string]any{"Mail:Limit": "1"}
	manager, err := config.New(config.Func("code", func() (map[string]any, error) { return values, nil }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.NewMonitor[mailSettings](manager, "Mail"); err != nil {
		t.Fatal(err)
	}
	values["Mail:Limit"] = "hunter2"
	if err := manager.Reload(); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "Mail:Limit") {
		t.Errorf("error %v", err)
	}
}

func ExampleSecret() {
	manager, _ := config.New(config.Map(map[string]any{"Mail:Key": "k1"}))
	monitor, _ := config.NewMonitor[struct{ Key config.Secret }](manager, "Mail")
	key := monitor.Current().Key
	text, _ := key.MarshalJSON()
	fmt.Printf("%v %#v %s %s\n", key, key, text, string(key))
	for _, setting := range manager.Settings() {
		fmt.Println(setting.Key, setting.Value, setting.Masked)
	}
	// Output:
	// *** *** "***" k1
	// Mail:Key *** its type
}
