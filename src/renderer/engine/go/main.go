// Command helm-engine is Helm's own template engine as a WebAssembly library: what `helm template` does, without
// files, network, processes or a cluster, and with chance and clock given by the host.
//
// Comes in: a chart's files, values, release, capabilities. Goes out: manifests, hooks, CRDs, or Helm's own error.
// Never: a state that one render leaves for the next, except parsed charts, which are copied before use.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"unsafe"

	"helm.sh/helm/v4/pkg/chart/common"
)

// Garbage is collected between calls: during one, Go's collector would run alongside, and as WebAssembly gives it no
// thread of its own it would never catch up and let the heap grow to the limit. A call that needs more than the limit
// is collected during the call nevertheless.
const (
	collectAfter  = 48 << 20
	gcMemoryLimit = 320 << 20
)

var (
	input, output []byte
	live          uint64 // what the last collection left
	heap          = []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
)

func main() {}

func init() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(gcMemoryLimit)
}

// buffer makes room for a call's argument and says where it is.
//
//go:wasmexport buffer
func buffer(size uint32) uint32 {
	input, output = nil, nil
	if heapSize() > live+collectAfter {
		runtime.GC()
		live = heapSize()
	}
	input = make([]byte, size)
	return address(input)
}

func heapSize() uint64 {
	metrics.Read(heap)
	return heap[0].Value.Uint64()
}

// version names the Helm that is linked in.
//
//go:wasmexport version
func version() uint64 {
	return answer(func(*warnings) (any, error) {
		return "helm.sh/helm/v4@" + common.DefaultCapabilities.HelmVersion.Version, nil
	})
}

// load_chart reads a chart from the buffer (a length, a JSON head, the files' bytes) and keeps it under its digest.
//
//go:wasmexport load_chart
func loadChart() uint64 {
	return answer(func(said *warnings) (any, error) {
		if len(input) < 4 {
			return nil, errors.New("no chart given")
		}
		end := 4 + binary.LittleEndian.Uint32(input)
		var head chartHead
		if err := json.Unmarshal(input[4:end], &head); err != nil {
			return nil, err
		}
		return struct{}{}, charts.load(head, input[end:], said)
	})
}

// render reads a request from the buffer and answers what the chart makes of it.
//
//go:wasmexport render
func render() uint64 {
	return answer(func(said *warnings) (any, error) {
		var ask request
		if err := json.Unmarshal(input, &ask); err != nil {
			return nil, err
		}
		return renderChart(ask, said)
	})
}

// answer runs one call and leaves its JSON reply in memory: the address in the high half, the length in the low one.
func answer(call func(*warnings) (any, error)) uint64 {
	said := collectWarnings()
	result, err := guarded(call, said)
	reply := map[string]any{"warnings": said.lines}
	if err != nil {
		reply["error"] = err.Error()
	} else {
		reply["result"] = result
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(reply); err != nil {
		text.Reset()
		_ = encoder.Encode(map[string]any{"error": err.Error()})
	}
	input, output = nil, text.Bytes()
	return uint64(address(output))<<32 | uint64(len(output))
}

func guarded(call func(*warnings) (any, error), said *warnings) (result any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return call(said)
}

func address(bytes []byte) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))))
}
