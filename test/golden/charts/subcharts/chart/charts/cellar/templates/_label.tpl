{{- define "cellar.label" -}}
cellar-{{ .Values.barrel.litres }}-{{ .Chart.Name }}
{{- end -}}
