#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
set -euo pipefail
ls $1
