package windows_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	winapi "golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// installed is a service of the test.
type installed struct {
	*mgr.Service

	folder string
}

// install creates a service that runs one of the programs, and deletes it at the end
// of the test.
func install(t *testing.T, program string, settings ...string) *installed {
	t.Helper()
	manager, err := mgr.Connect()
	if err != nil {
		t.Skip("no service is installed: ", err) // who is not an administrator
	}
	t.Cleanup(func() { _ = manager.Disconnect() })
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	name := fmt.Sprintf("fxhost-test-%s-%d", program, os.Getpid())
	service, err := manager.CreateService(name, executable, mgr.Config{DisplayName: name},
		append([]string{programArgument, program, folder}, settings...)...)
	if err != nil {
		t.Fatal(err)
	}
	s := &installed{service, folder}
	t.Cleanup(func() {
		s.allow(t, "may start", "may stop")
		for deadline := time.Now().Add(time.Minute); s.query(t).State != svc.Stopped && time.Now().Before(deadline); {
			_, _ = service.Control(svc.Stop) // which it refuses while it starts
			time.Sleep(50 * time.Millisecond)
		}
		if err := service.Delete(); err != nil {
			t.Error(err)
		}
		_ = service.Close()
	})
	return s
}

// allow lets the program go on.
func (s *installed) allow(t *testing.T, files ...string) {
	t.Helper()
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(s.folder, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *installed) start(t *testing.T) {
	t.Helper()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
}

// query is Query with checkpoint and wait hint.
func (s *installed) query(t *testing.T) svc.Status {
	t.Helper()
	var status winapi.SERVICE_STATUS_PROCESS
	var needed uint32
	if err := winapi.QueryServiceStatusEx(s.Handle, winapi.SC_STATUS_PROCESS_INFO,
		(*byte)(unsafe.Pointer(&status)), uint32(unsafe.Sizeof(status)), &needed); err != nil {
		t.Fatal(err)
	}
	return svc.Status{
		State: svc.State(status.CurrentState), Accepts: svc.Accepted(status.ControlsAccepted),
		CheckPoint: status.CheckPoint, WaitHint: status.WaitHint,
		Win32ExitCode: status.Win32ExitCode, ServiceSpecificExitCode: status.ServiceSpecificExitCode,
	}
}

// until waits for a state, with at least this checkpoint.
func (s *installed) until(t *testing.T, state svc.State, checkpoint uint32) svc.Status {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		status := s.query(t)
		if status.State == state && status.CheckPoint >= checkpoint {
			return status
		}
		if time.Now().After(deadline) {
			t.Fatalf("state %+v, want %d, checkpoint %d", status, state, checkpoint)
		}
	}
}

func TestAServiceLivesAsItsManagerSays(t *testing.T) {
	s := install(t, "plain", "--drainDelaySeconds=2")
	s.start(t)
	if pending := s.until(t, svc.StartPending, 2); pending.WaitHint != 30000 || pending.Accepts != 0 {
		t.Errorf("%+v", pending)
	}
	s.allow(t, "may start")
	running := s.until(t, svc.Running, 0)
	if running.Accepts&svc.AcceptStop == 0 || running.Accepts&svc.AcceptPreShutdown == 0 {
		t.Errorf("%+v", running)
	}
	begin := time.Now()
	pending, err := s.Control(svc.Stop)
	if err != nil {
		t.Fatal(err)
	}
	s.until(t, svc.StopPending, 1)
	s.allow(t, "may stop")
	stopped := s.until(t, svc.Stopped, 0)
	if elapsed := time.Since(begin); elapsed < 2*time.Second {
		t.Errorf("stopped after %v, with a drain of 2s", elapsed)
	}
	if stopped.Win32ExitCode != 0 {
		t.Errorf("%+v, after %+v", stopped, pending)
	}

	// The service manager starts it in the folder of the system.
	root, err := os.ReadFile(filepath.Join(s.folder, "content root"))
	if err != nil {
		t.Fatal(err)
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.EqualFold(string(root), filepath.Dir(executable)) {
		t.Errorf("content root %s, the executable is %s", root, executable)
	}
}

func TestAFailureOfAServiceIsItsExitCode(t *testing.T) {
	for _, c := range []struct {
		program, setting string
		want             uint32
	}{
		{"fault", "--drainDelaySeconds=0", 7},
		{"constructor", "--drainDelaySeconds=0", 1},
		{"settings", "--shutdownTimeoutSeconds=soon", 1},
		{"argument", "--misspelt=1", 1},
	} {
		t.Run(c.program, func(t *testing.T) {
			s := install(t, c.program, c.setting)
			s.allow(t, "may start", "may stop")
			s.start(t)
			status := s.until(t, svc.Stopped, 0)
			if status.Win32ExitCode != uint32(winapi.ERROR_SERVICE_SPECIFIC_ERROR) || status.ServiceSpecificExitCode != c.want {
				result, _ := os.ReadFile(filepath.Join(s.folder, "result"))
				t.Errorf("%+v, want the code %d; Run has returned %s", status, c.want, result)
			}
		})
	}
}
