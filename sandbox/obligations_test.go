package sandbox

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestSpecOf(t *testing.T) {
	def, times := DefaultSpec()
	with := func(change func(*Spec, *Times)) func() (Spec, Times) {
		return func() (Spec, Times) {
			s, t := def, times
			change(&s, &t)
			return s, t
		}
	}
	tests := map[string]struct {
		object map[string]any
		want   func() (Spec, Times) // nil: refused
	}{
		"nothing said": {nil, with(func(*Spec, *Times) {})},
		"the policy's own": {map[string]any{"network": "none", "memory_mib": json.Number("1024"), "cpus": json.Number("1"), "pids": json.Number("100"), "turn_seconds": json.Number("300")}, with(func(s *Spec, t *Times) {
			s.Limits.MemoryBytes, s.Limits.CPUs, s.Limits.Pids, t.Turn = 1<<30, 1, 100, 5*time.Minute
		})},
		"all the rest": {map[string]any{"nofile": 64, "tmp_mib": int64(2), "idle_seconds": 1.0, "silent_seconds": 2, "reply_bytes": 3, "image": "agent:1", "runtime": "runsc"}, with(func(s *Spec, t *Times) {
			s.Limits.NoFile, s.Limits.TmpBytes, t.Idle, t.Silent = 64, 2<<20, time.Second, 2*time.Second
			s.Limits.OutputBytes, s.Image, s.Runtime = 3, "agent:1", "runsc"
		})},
		"half a cpu":        {map[string]any{"cpus": 0.5}, with(func(s *Spec, _ *Times) { s.Limits.CPUs = .5 })},
		"an open network":   {map[string]any{"network": "open"}, with(func(s *Spec, _ *Times) { s.Network = OpenNetwork })},
		"a network by name": {map[string]any{"network": "models"}, with(func(s *Spec, _ *Times) { s.Network = "models" })},

		"misspelt":             {map[string]any{"memory_mb": 1}, nil},
		"another case":         {map[string]any{"Network": "none"}, nil},
		"a text for a number":  {map[string]any{"memory_mib": "1024"}, nil},
		"a number for a text":  {map[string]any{"network": 1}, nil},
		"null":                 {map[string]any{"memory_mib": nil}, nil},
		"true":                 {map[string]any{"pids": true}, nil},
		"a list":               {map[string]any{"pids": []any{1}}, nil},
		"zero":                 {map[string]any{"memory_mib": 0}, nil},
		"minus one":            {map[string]any{"pids": -1}, nil},
		"absurd":               {map[string]any{"memory_mib": json.Number("1e18")}, nil},
		"beyond numbers":       {map[string]any{"memory_mib": json.Number("1e999")}, nil},
		"no number":            {map[string]any{"cpus": math.NaN()}, nil},
		"infinite":             {map[string]any{"turn_seconds": math.Inf(1)}, nil},
		"a fraction of a file": {map[string]any{"nofile": 99.5}, nil},
		"a year of turn":       {map[string]any{"turn_seconds": 365 * 24 * 3600}, nil},
		"no network at all":    {map[string]any{"network": ""}, nil},
		"the host's network":   {map[string]any{"network": "host"}, nil},
		"the engine's own":     {map[string]any{"network": "bridge"}, nil},
		"that, otherwise":      {map[string]any{"network": "Bridge"}, nil},
		"spelt otherwise":      {map[string]any{"network": "HOST"}, nil},
		"another's network":    {map[string]any{"network": "container:gate"}, nil},
		"a network's path":     {map[string]any{"network": "ns:/proc/1/ns/net"}, nil},
		"an option as image":   {map[string]any{"image": "--privileged"}, nil},
		"an image in lines":    {map[string]any{"image": "a\nb"}, nil},
		"a path as runtime":    {map[string]any{"runtime": "/bin/sh"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, times, err := SpecOf(tt.object)
			if tt.want == nil {
				if !errors.Is(err, ErrSpec) {
					t.Errorf("got %+v, %v; want ErrSpec", s, err)
				}
				return
			}
			want, wantTimes := tt.want()
			if err != nil || s.Network != want.Network || s.Limits != want.Limits || s.Image != want.Image || s.Runtime != want.Runtime || times != wantTimes {
				t.Errorf("got %+v %+v, %v", s, times, err)
			}
		})
	}
}

// A value that the reader takes is one that a Spec may have.
func TestSpecOfAgreesWithCheck(t *testing.T) {
	for key, o := range obligations() {
		if o.text != nil {
			continue
		}
		for _, v := range []float64{o.least, o.most} {
			s, _, err := SpecOf(map[string]any{key: v})
			s.Session, s.Command, s.Workspace.Source = "s", []string{"x"}, "/w"
			if err := errors.Join(err, s.Check()); err != nil {
				t.Errorf("%s %v: %v", key, v, err)
			}
		}
	}
}

// The engine's own network has one name.
func TestBridgeIsToldItsName(t *testing.T) {
	_, _, err := SpecOf(map[string]any{"network": "BRIDGE"})
	if err == nil || !strings.Contains(err.Error(), "write open") {
		t.Error(err)
	}
}

// What a policy cannot say, it is told what it can.
func TestUnknownObligationNamesTheKnown(t *testing.T) {
	_, _, err := SpecOf(map[string]any{"memory": 1})
	if err == nil || !strings.Contains(err.Error(), "memory_mib") {
		t.Error(err)
	}
}

func FuzzSpecOf(f *testing.F) {
	f.Add(`{"network":"none","cpus":2}`)
	f.Add(`{"memory_mib":1e400}`)
	f.Fuzz(func(t *testing.T, text string) {
		var object map[string]any
		if json.Unmarshal([]byte(text), &object) != nil {
			return
		}
		s, times, err := SpecOf(object)
		if err != nil {
			return
		}
		s.Session, s.Command, s.Workspace.Source = "s", []string{"x"}, "/w"
		if err := s.Check(); err != nil || times.Turn <= 0 || times.Silent <= 0 || times.Idle <= 0 {
			t.Errorf("%s: %+v %+v: %v", text, s, times, err)
		}
	})
}
