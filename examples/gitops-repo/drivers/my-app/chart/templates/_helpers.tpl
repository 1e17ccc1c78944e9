{{- define "my-app.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "my-app.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.image.tag | quote }}
{{- end -}}

{{- define "my-app.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "my-app.env" -}}
- name: GREETING
  valueFrom:
    configMapKeyRef:
      name: {{ include "my-app.fullname" . }}
      key: greeting
- name: METRICS
  valueFrom:
    configMapKeyRef:
      name: {{ include "my-app.fullname" . }}
      key: metrics
- name: LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
- name: ADMIN_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.adminPassword.secret }}
      key: {{ .Values.adminPassword.key }}
      optional: true
- name: DATABASE_HOST
  value: {{ include "my-app.fullname" . }}-database
- name: DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "my-app.fullname" . }}-database
      key: password
{{- end -}}
