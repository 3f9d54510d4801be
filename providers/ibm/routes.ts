import type { paths } from "./openapi.d.ts";

/** Types of a call that follow from its route in openapi.d.ts. */
export type Method = "get" | "post" | "put" | "patch" | "delete";

/** Routes that have the method. */
export type RouteOf<M extends Method> = {
  [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends RouteOf<M>> = paths[P][M];

type PathValues<Op> = Op extends { parameters: { path: infer Values } }
  ? { readonly path: Readonly<Values> }
  : { readonly path?: undefined };

type QueryValues<Op> = Op extends { parameters: { query: infer Values } }
  ? { readonly query: Readonly<Values> }
  : Op extends { parameters: { query?: infer Values } }
    ? { readonly query?: OrUndefined<Exclude<Values, undefined>> | undefined }
    : { readonly query?: undefined };

/** Options are often passed on as they are: one that is undefined is one that is left out. */
type OrUndefined<Values> = { readonly [Name in keyof Values]: Values[Name] | undefined };

type BodyValue<Op> = Op extends { requestBody: { content: { "application/json": infer Body } } }
  ? { readonly body: Body }
  : { readonly body?: undefined };

/** What a call of the route needs: values of its path, query and body. */
export type RouteValues<M extends Method, P extends RouteOf<M>> = PathValues<Operation<M, P>> &
  QueryValues<Operation<M, P>> &
  BodyValue<Operation<M, P>>;

type JsonOf<Response> = Response extends { content: { "application/json": infer Body } } ? Body : undefined;

/** The body of the answer with status 200; undefined where the route answers 204. */
export type RouteAnswer<M extends Method, P extends RouteOf<M>> =
  Operation<M, P> extends { responses: { 200: infer Response } } ? JsonOf<Response> : undefined;

/** Values of any route, where its type is no longer known. */
export interface AnyRouteValues {
  readonly path?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
}
