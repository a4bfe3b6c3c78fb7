import 'reflect-metadata';
import { Body, Controller, Get, Injectable, Module, type OnApplicationShutdown, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
class Greetings implements OnApplicationShutdown {
  of(name: string): { greeting: string } {
    return { greeting: `hello ${name}` };
  }

  onApplicationShutdown(signal?: string): void {
    console.log(`shut down by ${signal}`);
  }
}

@Controller()
class GreetingController {
  constructor(private readonly greetings: Greetings) {}

  @Get()
  index(): string {
    return 'index';
  }

  @Get('greetings/:name')
  greet(@Param('name') name: string): { greeting: string } {
    return this.greetings.of(name);
  }

  @Post('echo')
  echo(@Body() body: unknown): unknown {
    return body;
  }

  @Get('fails')
  fail(): never {
    throw new Error('as it should');
  }
}

@Module({ controllers: [GreetingController], providers: [Greetings] })
class AppModule {}

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT']), '127.0.0.1');
console.log(`listening as ${process.pid}`);
