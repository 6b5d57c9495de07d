import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Inject, Param, Put, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ContentTooLarge, InvalidDigest, UnknownContent, WrongDigest } from '#libs/content';
import { denialReason } from '#libs/authorization';
import type { Action } from '#libs/authorization';
import type { Identified } from '#libs/identity';
import { signIn } from '../graphql/context.js';
import { API_PORTS } from '../ports.js';
import type { ApiPortsWithLimits } from '../ports.js';

/** An answer of the content routes that is no success: what GraphQL says in `extensions`, at the top. */
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Files in and out by SHA-256. They are described and registered through GraphQL. */
@Controller('content')
export class ContentController {
  constructor(@Inject(API_PORTS) private readonly ports: ApiPortsWithLimits) {}

  /** 201 with the size when the body has the digest in the path; nothing is kept otherwise. */
  @Put(':digest')
  async put(@Param('digest') digest: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const caller = await this.permitted('register', request, response);
    if (!caller) return;
    const { contentBytes } = this.ports.limits;
    if (Number(request.headers['content-length'] ?? 0) > contentBytes)
      return refuse(response, problemOf(new ContentTooLarge(contentBytes))!);
    try {
      const stored = await this.ports.content.put(digest, request, contentBytes);
      response.status(201).json(stored);
    } catch (error) {
      const problem = problemOf(error);
      if (problem) return refuse(response, problem);
      // The client went away in the middle: there is nobody to answer.
      if (request.destroyed && !request.complete) return;
      throw error;
    }
  }

  /** The bytes, as an attachment: nothing that was uploaded is shown by a browser under this origin. */
  @Get(':digest')
  async get(@Param('digest') digest: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    if (!(await this.permitted('read', request, response))) return;
    try {
      const found = await this.ports.content.find(digest);
      if (!found) throw new UnknownContent(digest);
      const source = await this.ports.content.read(digest);
      response.set({
        'content-type': 'application/octet-stream',
        'content-length': String(found.bytes),
        'content-disposition': `attachment; filename="${digest}"`,
        'content-security-policy': 'sandbox',
        'x-content-type-options': 'nosniff',
        'cache-control': 'private, no-store',
      });
      await pipeline(Readable.from(source), response);
    } catch (error) {
      const problem = problemOf(error);
      if (problem && !response.headersSent) return refuse(response, problem);
      if (response.destroyed) return;
      throw error;
    }
  }

  /** Undefined when the answer was already given. */
  private async permitted(action: Action, request: Request, response: Response): Promise<Identified | undefined> {
    let caller: Identified;
    try {
      caller = await signIn(this.ports, request.headers.authorization);
    } catch (error) {
      const { extensions, message } = error as {
        extensions?: { code: string; http?: { status: number } };
        message: string;
      };
      if (!extensions?.http) throw error;
      refuse(response, { status: extensions.http.status, code: extensions.code, message });
      return undefined;
    }
    const { actor } = caller;
    const reason = denialReason(this.ports.abilityOf(caller), action, 'Content');
    if (reason === undefined) return caller;
    const anonymous = actor.kind === 'anonymous';
    const code = anonymous ? 'UNAUTHENTICATED' : 'FORBIDDEN';
    this.ports.countDenial({
      actor,
      rule: anonymous ? 'NotSignedIn' : 'NotPermitted',
      action: `content.${action}`,
      details: {},
    });
    refuse(response, { status: anonymous ? 401 : 403, code, message: anonymous ? 'Sign in.' : reason });
    return undefined;
  }
}

function problemOf(error: unknown): Problem | undefined {
  const message = (error as Error).message;
  if (error instanceof InvalidDigest)
    return { status: 400, code: 'BAD_REQUEST', message, details: { field: 'digest', rule: 'sha-256' } };
  if (error instanceof WrongDigest) {
    const { expected, actual } = error;
    return { status: 422, code: 'WRONG_DIGEST', message, details: { field: 'digest', expected, actual } };
  }
  if (error instanceof ContentTooLarge)
    return {
      status: 413,
      code: 'LIMIT_EXCEEDED',
      message,
      details: { limit: 'contentBytes', maximum: error.limit },
    };
  if (error instanceof UnknownContent) return { status: 404, code: 'NOT_FOUND', message, details: { field: 'digest' } };
  return undefined;
}

function refuse(response: Response, { status, code, message, details }: Problem): void {
  // What is still arriving is not read to its end.
  response
    .status(status)
    .set('connection', 'close')
    .json({ code, message, ...details });
}
