{{- define "threads.merge" -}}
{{- $top := first . -}}
{{- $override := fromYaml (include (index . 1) $top) -}}
{{- $base := fromYaml (include "threads.base" $top) -}}
{{- toYaml (merge $override $base) -}}
{{- end -}}
{{- define "threads.base" -}}
apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }} }
data: { colour: none, stitch: cross }
{{- end -}}
