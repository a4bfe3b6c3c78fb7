export async function GET(request) {
  return Response.json({ hello: new URL(request.url).searchParams.get('name') });
}

export async function POST(request) {
  return Response.json(await request.json(), { status: 201 });
}
