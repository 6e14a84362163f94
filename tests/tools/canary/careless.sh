#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
ls "$1"
