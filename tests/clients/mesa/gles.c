// SPDX-License-Identifier: GPL-2.0-only
/*
 * OpenGL ES without a display: see gles.h.
 */
#include "gles.h"

#include <stdio.h>
#include <string.h>

/* The pattern and the numbers in gles_pattern() have to be the same. */
static const char gles_vertex[] =
	"attribute vec2 at;\n"
	"varying vec2 place;\n"
	"void main() {\n"
	"	place = vec2(at.x, -at.y) * 0.5 + 0.5;\n"
	"	gl_Position = vec4(at, 0.0, 1.0);\n"
	"}\n";

static const char gles_fill[] =
	"precision highp float;\n"
	"uniform float number;\n"
	"void main() {\n"
	"	vec2 p = floor(gl_FragCoord.xy);\n"
	"	float blue = mod(p.x * 7.0 + p.y * 13.0 + number * 29.0, 256.0);\n"
	"	gl_FragColor = vec4(mod(p.x, 256.0), mod(p.y, 256.0), blue, 255.0) / 255.0;\n"
	"}\n";

static const char gles_copy[] =
	"precision highp float;\n"
	"uniform sampler2D from;\n"
	"varying vec2 place;\n"
	"void main() { gl_FragColor = texture2D(from, place); }\n";

void gles_pattern(uint32_t x, uint32_t y, uint32_t number, uint8_t pixel[4])
{
	pixel[0] = (uint8_t)x;
	pixel[1] = (uint8_t)y;
	pixel[2] = (uint8_t)(x * 7 + y * 13 + number * 29);
	pixel[3] = 255;
}

static bool gles_functions(struct gles *gles)
{
	gles->export_query =
		(PFNEGLEXPORTDMABUFIMAGEQUERYMESAPROC)eglGetProcAddress(
			"eglExportDMABUFImageQueryMESA");
	gles->export = (PFNEGLEXPORTDMABUFIMAGEMESAPROC)eglGetProcAddress(
		"eglExportDMABUFImageMESA");
	gles->create_image = (PFNEGLCREATEIMAGEKHRPROC)eglGetProcAddress(
		"eglCreateImageKHR");
	gles->target_texture =
		(PFNGLEGLIMAGETARGETTEXTURE2DOESPROC)eglGetProcAddress(
			"glEGLImageTargetTexture2DOES");
	return gles->export_query && gles->export && gles->create_image &&
	       gles->target_texture;
}

bool gles_begin(struct gles *gles)
{
	const EGLint version[] = { EGL_CONTEXT_MAJOR_VERSION, 2, EGL_NONE };

	gles->display = eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA,
					      EGL_DEFAULT_DISPLAY, NULL);
	if (!eglInitialize(gles->display, NULL, NULL) ||
	    !eglBindAPI(EGL_OPENGL_ES_API))
		return false;
	gles->context = eglCreateContext(gles->display, EGL_NO_CONFIG_KHR,
					 EGL_NO_CONTEXT, version);
	if (!eglMakeCurrent(gles->display, EGL_NO_SURFACE, EGL_NO_SURFACE,
			    gles->context))
		return false;
	return gles_functions(gles);
}

void gles_end(struct gles *gles)
{
	eglMakeCurrent(gles->display, EGL_NO_SURFACE, EGL_NO_SURFACE,
		       EGL_NO_CONTEXT);
	eglDestroyContext(gles->display, gles->context);
	eglTerminate(gles->display);
}

static GLuint gles_new_texture(void)
{
	GLuint texture;

	glGenTextures(1, &texture);
	glBindTexture(GL_TEXTURE_2D, texture);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
	glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
	return texture;
}

GLuint gles_texture(uint32_t width, uint32_t height)
{
	GLuint texture = gles_new_texture();

	glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, (GLsizei)width, (GLsizei)height,
		     0, GL_RGBA, GL_UNSIGNED_BYTE, NULL);
	return glGetError() ? 0 : texture;
}

bool gles_export(struct gles *gles, GLuint texture, int *fd,
		 struct share_layout *layout)
{
	EGLint stride, offset, planes;
	EGLuint64KHR modifier;
	EGLImageKHR image;
	int fourcc;

	image = gles->create_image(gles->display, gles->context,
				   EGL_GL_TEXTURE_2D_KHR,
				   (EGLClientBuffer)(uintptr_t)texture, NULL);
	if (!image ||
	    !gles->export_query(gles->display, image, &fourcc, &planes,
				&modifier) ||
	    planes != 1 ||
	    !gles->export(gles->display, image, fd, &stride, &offset))
		return false;
	layout->fourcc = (uint32_t)fourcc;
	layout->modifier = modifier;
	layout->stride = (uint32_t)stride;
	layout->offset = (uint32_t)offset;
	return true;
}

GLuint gles_import(struct gles *gles, int fd, const struct share_layout *layout)
{
	const EGLint what[] = {
		EGL_WIDTH,
		(EGLint)layout->width,
		EGL_HEIGHT,
		(EGLint)layout->height,
		EGL_LINUX_DRM_FOURCC_EXT,
		(EGLint)layout->fourcc,
		EGL_DMA_BUF_PLANE0_FD_EXT,
		fd,
		EGL_DMA_BUF_PLANE0_OFFSET_EXT,
		(EGLint)layout->offset,
		EGL_DMA_BUF_PLANE0_PITCH_EXT,
		(EGLint)layout->stride,
		EGL_NONE,
	};
	EGLImageKHR image = gles->create_image(gles->display, EGL_NO_CONTEXT,
					       EGL_LINUX_DMA_BUF_EXT, NULL,
					       what);
	GLuint texture;

	if (!image)
		return 0;
	texture = gles_new_texture();
	gles->target_texture(GL_TEXTURE_2D, image);
	return glGetError() ? 0 : texture;
}

static GLuint gles_shader(GLenum kind, const char *source)
{
	GLuint shader = glCreateShader(kind);
	char why[512];
	GLint done;

	glShaderSource(shader, 1, &source, NULL);
	glCompileShader(shader);
	glGetShaderiv(shader, GL_COMPILE_STATUS, &done);
	if (done)
		return shader;
	glGetShaderInfoLog(shader, sizeof(why), NULL, why);
	fprintf(stderr, "a shader does not compile: %s\n", why);
	return 0;
}

static GLuint gles_program(const char *fragment)
{
	GLuint program = glCreateProgram();
	GLint done;

	glAttachShader(program, gles_shader(GL_VERTEX_SHADER, gles_vertex));
	glAttachShader(program, gles_shader(GL_FRAGMENT_SHADER, fragment));
	glBindAttribLocation(program, 0, "at");
	glLinkProgram(program);
	glGetProgramiv(program, GL_LINK_STATUS, &done);
	return done ? program : 0;
}

static bool gles_target(GLuint texture)
{
	GLuint target;

	glGenFramebuffers(1, &target);
	glBindFramebuffer(GL_FRAMEBUFFER, target);
	glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0,
			       GL_TEXTURE_2D, texture, 0);
	return glCheckFramebufferStatus(GL_FRAMEBUFFER) ==
	       GL_FRAMEBUFFER_COMPLETE;
}

bool gles_draw(GLuint into, GLuint from, uint32_t width, uint32_t height,
	       uint32_t number)
{
	static const GLfloat corners[] = { -1, -1, 1, -1, -1, 1, 1, 1 };
	GLuint program = gles_program(from ? gles_copy : gles_fill);

	if (!program || !gles_target(into))
		return false;
	glViewport(0, 0, (GLsizei)width, (GLsizei)height);
	glUseProgram(program);
	if (from)
		glBindTexture(GL_TEXTURE_2D, from);
	else
		glUniform1f(glGetUniformLocation(program, "number"),
			    (GLfloat)number);
	glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, corners);
	glEnableVertexAttribArray(0);
	glDrawArrays(GL_TRIANGLE_STRIP, 0, 4);
	glFinish();
	return !glGetError();
}
